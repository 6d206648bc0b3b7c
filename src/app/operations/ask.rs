//! What is asked before something is done to people: a dialog, which without JavaScript is a part of the page that its link leads to.

use super::{
    PAGE,
    actions::{
        BroadcastToAll, DisconnectSession, MessageSession, SignOutPerson, broadcast_to_all, disconnect_session,
        message_session, sign_out_person,
    },
    broadcast::{people, readers},
    desk::{Desk, Key},
    model::{Answer, Refusal, message},
    sessions::called,
    words::count,
};
use crate::{
    app::{dialog, toast::use_messages},
    identity::paths::encode,
    operations::report::{MAX_TEXT, SessionLine},
};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};

/// A session and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    node: String,
    session: u64,
    person: Option<String>,
    name: String,
}

impl Aim {
    pub(super) fn of((node, session): &Key, line: &SessionLine) -> Self {
        Self { node: node.clone(), session: *session, person: line.person.clone(), name: called(line) }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// What to say to a session.
    Message(Aim),
    /// Whether to disconnect it.
    Disconnect(Aim),
    /// Whether to sign its person out.
    SignOut(Aim),
    /// Whether to say this to everybody.
    Broadcast(String),
    /// That there is nobody to do that to.
    Gone,
}

impl Ask {
    /// The address of the page that asks it, for those without JavaScript.
    pub(super) fn address(&self) -> String {
        let of =
            |word: &str, aim: &Aim| format!("{PAGE}?ask={word}&node={}&session={}", encode(&aim.node), aim.session);
        match self {
            Self::Message(aim) => of("message", aim),
            Self::Disconnect(aim) => of("disconnect", aim),
            Self::SignOut(aim) => of("sign-out", aim),
            Self::Broadcast(text) => format!("{PAGE}?ask=broadcast&text={}", encode(text)),
            Self::Gone => PAGE.to_owned(),
        }
    }

    /// Reads the parameters of an address. Whose session it is is looked up: nobody puts names into our mouth.
    pub(super) fn read<'a>(value: impl Fn(&str) -> Option<&'a str>, desk: Desk) -> Option<Self> {
        let word = value("ask")?;
        if word == "broadcast" {
            return value("text").filter(|text| !text.trim().is_empty()).map(|text| Self::Broadcast(text.to_owned()));
        }
        let key = (value("node")?.to_owned(), value("session")?.parse().ok()?);
        let aim = desk.sessions.with_untracked(|sessions| sessions.get(&key).map(|line| Aim::of(&key, line)));
        let Some(aim) = aim else { return Some(Self::Gone) };
        match word {
            "message" => Some(Self::Message(aim)),
            "disconnect" => Some(Self::Disconnect(aim)),
            "sign-out" => Some(Self::SignOut(aim)),
            _ => None,
        }
    }

    fn question(&self) -> String {
        match self {
            Self::Message(aim) => format!("Message to {}", aim.name),
            Self::Disconnect(aim) => format!("Disconnect {}?", aim.name),
            Self::SignOut(aim) => format!("Sign {} out?", aim.name),
            Self::Broadcast(_) => "Send this to everybody?".to_owned(),
            Self::Gone => "That session is not here any more".to_owned(),
        }
    }

    /// What comes of it. Tracked: sessions come and go meanwhile.
    fn consequence(&self, desk: Desk) -> String {
        match self {
            Self::Message(_) => "It shows on this one page of theirs, until they dismiss it.".to_owned(),
            Self::Disconnect(_) => {
                "The page is offline for a moment and connects again by itself. Nothing that was saved is lost."
                    .to_owned()
            }
            Self::SignOut(_) => "In every browser. They have to sign in again to go on.".to_owned(),
            Self::Broadcast(_) => {
                let (sessions, of) = readers(desk);
                format!("{} of {} show it at once. It cannot be taken back.", count(sessions, "session"), people(of))
            }
            Self::Gone => "It may have reconnected: look for the person in the list.".to_owned(),
        }
    }

    fn verb(&self) -> Option<&'static str> {
        match self {
            Self::Message(_) => Some("Send"),
            Self::Disconnect(_) => Some("Disconnect"),
            Self::SignOut(_) => Some("Sign out"),
            Self::Broadcast(_) => Some("Send to all"),
            Self::Gone => None,
        }
    }

    fn path(&self) -> &'static str {
        match self {
            Self::Message(_) | Self::Gone => MessageSession::PATH,
            Self::Disconnect(_) => DisconnectSession::PATH,
            Self::SignOut(_) => SignOutPerson::PATH,
            Self::Broadcast(_) => BroadcastToAll::PATH,
        }
    }

    /// What the form sends besides what is typed.
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Message(aim) | Self::Disconnect(aim) => vec![
                ("node", aim.node.clone()),
                ("session", aim.session.to_string()),
                ("person", aim.person.clone().unwrap_or_default()),
            ],
            Self::SignOut(aim) => vec![("person", aim.person.clone().unwrap_or_default())],
            Self::Broadcast(text) => vec![("text", text.clone())],
            Self::Gone => Vec::new(),
        }
    }

    async fn carry_out(self, text: String) -> Answer {
        let answer = match self {
            Self::Message(aim) => message_session(aim.node, aim.session, aim.person.unwrap_or_default(), text).await,
            Self::Disconnect(aim) => disconnect_session(aim.node, aim.session, aim.person.unwrap_or_default()).await,
            Self::SignOut(aim) => match aim.person.and_then(|person| person.parse().ok()) {
                Some(person) => sign_out_person(person).await,
                None => Ok(Err(Refusal::Nobody)),
            },
            Self::Broadcast(text) => broadcast_to_all(text).await,
            Self::Gone => Ok(Err(Refusal::Nobody)),
        };
        answer.unwrap_or(Err(Refusal::Unavailable))
    }
}

/// The dialog, open while something is asked. `said` counts what was said to everybody.
#[component]
pub(super) fn AskFirst(desk: Desk, asked: RwSignal<Option<Ask>>, said: RwSignal<u32>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let area = NodeRef::<html::Textarea>::new();
    let messages = use_messages();
    let problem = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    // Without JavaScript it is a part of the page.
    let is_open = asked.with_untracked(Option::is_some);
    dialog::follow(dialog, move || asked.with(Option::is_some), || {});
    let close = move || {
        asked.set(None);
        problem.set(None);
    };
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(ask) = asked.get_untracked().filter(|_| !sending.get_untracked()) else { return };
        let text = area.get_untracked().map(|area| area.value()).unwrap_or_default();
        problem.set(None);
        sending.set(true);
        spawn_local(async move {
            let answer = ask.clone().carry_out(text).await;
            sending.try_set(false);
            match answer {
                Ok(_) => {
                    if matches!(ask, Ask::Broadcast(_)) {
                        said.try_update(|said| *said += 1);
                    }
                    asked.try_update(|asked| asked.take_if(|asked| *asked == ask));
                    messages.done(message(answer));
                }
                Err(refusal) => {
                    problem.try_set(Some(refusal.message()));
                }
            }
        });
    };
    let inside = move || {
        asked.get().map(|ask| {
            let typed = matches!(ask, Ask::Message(_)).then(|| {
                view! {
                    <div class="field">
                        <label for="ask-text">"What to say"</label>
                        <textarea
                            id="ask-text"
                            name="text"
                            node_ref=area
                            rows="3"
                            required
                            autofocus
                            maxlength=MAX_TEXT.to_string()
                        ></textarea>
                    </div>
                }
            });
            let quote = match &ask {
                Ask::Broadcast(text) => Some(view! { <blockquote dir="auto">{text.clone()}</blockquote> }),
                _ => None,
            };
            let fields = ask.fields().into_iter().map(|(name, value)| {
                view! { <input type="hidden" name=name value=value /> }
            });
            let (question, path) = (ask.question(), ask.path());
            let about = ask.clone();
            let consequence = move || about.consequence(desk);
            let danger = matches!(ask, Ask::Disconnect(_) | Ask::SignOut(_));
            let verb = ask.verb().map(|verb| {
                view! {
                    <button class="button" class:danger=danger class:primary=!danger aria-disabled=move || sending.get().to_string()>
                        {move || if sending.get() { "Sending…" } else { verb }}
                    </button>
                }
            });
            view! {
                <form method="post" action=path on:submit=submit aria-labelledby="ask-question">
                    <h2 id="ask-question" dir="auto">{question}</h2>
                    {quote}
                    <p class="hint">{consequence}</p>
                    {fields.collect_view()}
                    {typed}
                    <p class="problem" role="alert">
                        {problem}
                    </p>
                    <div class="sheet-end">
                        <a
                            class="button"
                            href=PAGE
                            on:click=move |click| {
                                click.prevent_default();
                                close();
                            }
                        >
                            "Cancel"
                        </a>
                        {verb}
                    </div>
                </form>
            }
        })
    };
    view! {
        <dialog class="ask" node_ref=dialog open=is_open aria-labelledby="ask-question" on:close=move |_| close()>
            {inside}
        </dialog>
    }
}

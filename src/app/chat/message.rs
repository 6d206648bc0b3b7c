//! One message: who, when, what, how far it has come, and what its author may do with it.

use super::{
    actions::{DeleteMessage, EditMessage, delete_message, edit_message},
    address::{self, Asked},
    body::Body,
    composer::escaped,
    conversation::{Known, Talk},
    face::Face,
    outbox::refusal_in,
    rows::{Message, MessageKey},
};
use crate::{
    app::{focus::focus_soon, icons::Icon, toast::use_messages, when::When},
    chat::{Refusal, validate},
    store::RowSignal,
};
use leptos::{ev, html, prelude::*, server_fn::ServerFn, task::spawn_local};

/// Names that are listed of those who have read something.
const NAMES: usize = 10;

#[component]
pub(super) fn MessageView(talk: Talk, key: MessageKey) -> impl IntoView {
    let row = talk.list.row(key);
    let number = key.number;
    let known = expect_context::<Known>();
    let head = Memo::new(move |_| known.heads.with(|heads| heads.get(&number).copied()).unwrap_or_default());
    let says_who = Memo::new(move |_| head.get().says_who);
    let is_own = Memo::new(move |_| row.with(|row| row.author) == Some(Some(talk.me.account)));
    let is_gone = Memo::new(move |_| row.with(|row| row.deleted_at.is_some()).unwrap_or_default());
    let named = Memo::new(move |_| row.with(|row| row.mentions.contains(&talk.me.account)).unwrap_or_default());
    let who = move || {
        says_who.get().then(|| {
            let (account, name) = row.with(|row| (row.author, row.author_name.clone())).unwrap_or_default();
            view! {
                <Face account name=name.clone() />
                <p class="chat-who">
                    <bdi>{name}</bdi>
                </p>
            }
        })
    };
    let inside = move || {
        if is_gone.get() {
            view! { <Gone row /> }.into_any()
        } else if talk.editing.get() == Some(number) && is_own.get() {
            view! { <Edit talk row number /> }.into_any()
        } else {
            view! { <Said row talk /> }.into_any()
        }
    };
    view! {
        <li
            id=address::element(number)
            class="chat-message"
            class:first=says_who
            class:own=is_own
            class:named=named
            class:gone=is_gone
        >
            {who}
            {inside}
            <span class="chat-when">
                <When at=Signal::derive(move || row.with(|row| row.at)) />
                <Delivery row number is_own is_gone />
            </span>
            <Doings talk number is_own is_gone />
        </li>
    }
}

#[component]
fn Said(row: RowSignal<Message>, talk: Talk) -> impl IntoView {
    let words = Memo::new(move |_| row.with(|row| (row.text.clone(), row.mentioned.clone(), row.mentions.clone())));
    let edited = Memo::new(move |_| row.with(|row| row.edited_at).flatten());
    let body = move || {
        let (text, mentioned, mentions) = words.get().unwrap_or_default();
        view! { <Body text mentioned is_me=mentions.contains(&talk.me.account) /> }
    };
    let mark =
        move || edited.get().map(|at| view! { <span class="chat-edited" title=at.to_the_second()>"edited"</span> });
    view! { <div class="chat-body">{body} {mark}</div> }
}

#[component]
fn Gone(row: RowSignal<Message>) -> impl IntoView {
    let words = move || {
        row.with(|row| match &row.deleted_by {
            Some(name) if *name != row.author_name => format!("Deleted by {name}"),
            _ => "This message was deleted".to_owned(),
        })
    };
    view! {
        <p class="chat-body chat-gone" dir="auto">
            {words}
        </p>
    }
}

/// How far one's own message has come.
#[component]
fn Delivery(row: RowSignal<Message>, number: i64, is_own: Memo<bool>, is_gone: Memo<bool>) -> impl IntoView {
    let known = expect_context::<Known>();
    let readers = Memo::new(move |_| {
        if !is_own.get() || is_gone.get() {
            return None;
        }
        let read = |marks: &Vec<super::rows::Mark>| {
            marks.iter().filter(|mark| mark.number >= number).map(|mark| mark.name.clone()).collect::<Vec<_>>()
        };
        Some(known.others.with(read))
    });
    move || {
        readers.get().filter(|_| row.with(|_| ()).is_some()).map(|readers| {
            let words = told(&readers);
            let (icon, class) =
                if readers.is_empty() { ("check", "chat-delivery") } else { ("checks", "chat-delivery read") };
            let title = words.clone();
            view! {
                <span class=class title=title>
                    <Icon name=icon />
                    <span class="unseen">{words}</span>
                </span>
            }
        })
    }
}

fn told(readers: &[String]) -> String {
    match readers.len() {
        0 => "Sent".to_owned(),
        some if some <= NAMES => format!("Read by {}", readers.join(", ")),
        many => format!("Read by {} and {} more", readers[..NAMES].join(", "), many - NAMES),
    }
}

/// What may be done with a message.
#[component]
fn Doings(talk: Talk, number: i64, is_own: Memo<bool>, is_gone: Memo<bool>) -> impl IntoView {
    let is_room = Memo::new(move |_| talk.row().with(|row| row.is_room()).unwrap_or_default());
    let may_edit = Memo::new(move |_| is_own.get() && !is_gone.get());
    let may_delete = Memo::new(move |_| !is_gone.get() && (is_own.get() || talk.me.clears && is_room.get()));
    let is_asked = Memo::new(move |_| talk.deleting.get() == Some(number));
    let at = Some(number);
    let edit = move || {
        may_edit.get().then(|| {
            let to = Asked { at, edit: at, ..Asked::default() }.on(&address::of(talk.id));
            let go = move |event: ev::MouseEvent| {
                event.prevent_default();
                talk.editing.set(Some(number));
            };
            view! {
                <a class="icon-button" href=to title="Edit" aria-label="Edit this message" on:click=go>
                    <Icon name="edit" />
                </a>
            }
        })
    };
    let delete = move || {
        may_delete.get().then(|| {
            let to = Asked { at, delete: at, ..Asked::default() }.on(&address::of(talk.id));
            let go = move |event: ev::MouseEvent| {
                event.prevent_default();
                talk.deleting.set(Some(number));
                focus_soon(vec![format!("delete-{number}")]);
            };
            view! {
                <a class="icon-button" href=to title="Delete" aria-label="Delete this message" on:click=go>
                    <Icon name="trash" />
                </a>
            }
        })
    };
    move || {
        if !may_delete.get() {
            return ().into_any();
        }
        if is_asked.get() {
            return view! { <Question talk number /> }.into_any();
        }
        view! { <span class="chat-doings">{edit} {delete}</span> }.into_any()
    }
}

/// What cannot be undone is asked about.
#[component]
fn Question(talk: Talk, number: i64) -> impl IntoView {
    let messages = use_messages();
    let keep = move || {
        talk.deleting.set(None);
        focus_soon(vec![super::composer::ELEMENT.to_owned()]);
    };
    let submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        spawn_local(async move {
            match delete_message(talk.id, number).await {
                Ok(Ok(_)) => {}
                Ok(Err(refusal)) => messages.refused(format!("The message was not deleted. {}.", refusal.reason())),
                Err(error) => messages.refused(unanswered("deleted", &error)),
            }
            let _ = talk.deleting.try_set(None);
        });
    };
    let to = Asked { at: Some(number), ..Asked::default() }.on(&address::of(talk.id));
    view! {
        <form
            class="chat-question"
            method="post"
            action=DeleteMessage::PATH
            on:submit=submit
            on:keydown=move |key| {
                if key.key() == "Escape" {
                    keep();
                }
            }
        >
            <p>"Delete this message for everybody?"</p>
            <input type="hidden" name="chat" value=talk.id.to_string() />
            <input type="hidden" name="number" value=number.to_string() />
            <button class="button danger" id=format!("delete-{number}")>
                "Delete"
            </button>
            <a
                class="button"
                href=to
                on:click=move |event: ev::MouseEvent| {
                    event.prevent_default();
                    keep();
                }
            >
                "Keep"
            </a>
        </form>
    }
}

#[component]
fn Edit(talk: Talk, row: RowSignal<Message>, number: i64) -> impl IntoView {
    let input = NodeRef::<html::Textarea>::new();
    let asked = talk.asked.get_untracked();
    let refused = RwSignal::new(asked.refused.filter(|_| asked.edit == Some(number)));
    let draft = Some(asked.draft).filter(|draft| !draft.is_empty() && asked.edit == Some(number));
    let text = draft.or_else(|| untrack(|| row.with(|row| row.text.clone()))).unwrap_or_default();
    let sending = RwSignal::new(false);
    let close = move || {
        talk.editing.set(None);
        focus_soon(vec![super::composer::ELEMENT.to_owned()]);
    };
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
            let end = input.value().encode_utf16().count() as u32;
            let _ = input.set_selection_range(end, end);
        }
    });
    let save = move || {
        let Some(text) = input.get_untracked().map(|input| input.value()) else { return };
        if sending.get_untracked() {
            return;
        }
        if let Err(refusal) = validate::text(&text) {
            refused.set(Some(refusal));
            return;
        }
        sending.set(true);
        spawn_local(async move {
            let outcome = match edit_message(talk.id, number, text).await {
                Ok(outcome) => outcome.map(drop),
                Err(error) => Err(refusal_in(&error.to_string()).unwrap_or(Refusal::Unavailable)),
            };
            let _ = sending.try_set(false);
            match outcome {
                Ok(()) => close(),
                Err(refusal) => drop(refused.try_set(Some(refusal))),
            }
        });
    };
    let key = move |key: ev::KeyboardEvent| match &*key.key() {
        "Escape" => close(),
        "Enter" if !key.shift_key() && !key.is_composing() => {
            key.prevent_default();
            save();
        }
        _ => {}
    };
    let problem = move || refused.get().map(|refusal| format!("Not changed. {}.", refusal.reason()));
    let to = Asked { at: Some(number), ..Asked::default() }.on(&address::of(talk.id));
    view! {
        <form
            class="chat-body chat-edit"
            method="post"
            action=EditMessage::PATH
            aria-label="Edit the message"
            on:submit=move |submit: ev::SubmitEvent| {
                submit.prevent_default();
                save();
            }
        >
            <input type="hidden" name="chat" value=talk.id.to_string() />
            <input type="hidden" name="number" value=number.to_string() />
            <textarea
                name="text"
                rows="3"
                dir="auto"
                aria-label="Message"
                node_ref=input
                on:keydown=key
                inner_html=escaped(&text)
            ></textarea>
            <p class="problem" role="alert">
                {problem}
            </p>
            <div class="chat-edit-end">
                <button class="button primary" aria-disabled=move || sending.get().to_string()>
                    "Save"
                </button>
                <a
                    class="button"
                    href=to
                    on:click=move |event: ev::MouseEvent| {
                        event.prevent_default();
                        close();
                    }
                >
                    "Cancel"
                </a>
            </div>
        </form>
    }
}

/// What is said where no answer came.
fn unanswered(what: &str, error: &ServerFnError) -> String {
    match refusal_in(&error.to_string()) {
        Some(refusal) => format!("The message was not {what}. {}.", refusal.reason()),
        None => format!("The message may not have been {what}. The server did not answer."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_read_it_is_named_while_they_are_few() {
        let names = |count: usize| (1..=count).map(|number| format!("P{number}")).collect::<Vec<_>>();
        assert_eq!([told(&[]), told(&names(2))], ["Sent", "Read by P1, P2"]);
        assert!(told(&names(12)).ends_with("P10 and 2 more"));
    }
}

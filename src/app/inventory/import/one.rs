//! One import: what it would do, how far it is, or what it has done.

use super::{
    PATH,
    actions::{RunImport, UndoImport, look_at_import, run_import, undo_import},
    model::{Done, Refusal, Show, State, View, rows},
    page::{NoticeBanner, Problem},
    preview::{Preview, filter_id},
    progress::{Import, ImportKey, Progress},
    rest,
};
use crate::{
    app::{
        focus::focus_if_lost,
        inventory::{
            grouped,
            refusal::{Refusal as Common, Unconfirmed},
        },
        query_map::use_query_map,
        toast::{Messages, use_messages},
    },
    store::{RowSignal, use_query},
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};

/// What became of it; the focus goes there when something did.
const OUTCOME: &str = "import-outcome";

/// The button that has it done.
const RUN: &str = "import-run";

/// What the parts share. Copies are the same.
#[derive(Clone, Copy)]
struct Desk {
    id: i64,
    /// Counts up when there is something else to be shown.
    version: RwSignal<u32>,
    /// Whether something is on its way.
    sending: RwSignal<bool>,
    /// Whether something was done here whose outcome is to have the focus.
    has_acted: StoredValue<bool>,
    /// Which rows were shown before.
    shown: StoredValue<Option<Show>>,
    row: RowSignal<Import>,
    messages: Messages,
}

/// The import of this number.
#[component]
pub(super) fn OneImport(id: i64) -> impl IntoView {
    let query = use_query_map();
    let show = Memo::new(move |_| query.with(|query| query.get_str(Show::PARAMETER).map(Show::of).unwrap_or_default()));
    let row = use_query(Import::one(id)).row(ImportKey { id });
    let (version, sending) = (RwSignal::new(0), RwSignal::new(false));
    let (has_acted, shown) = (StoredValue::new(false), StoredValue::new(None));
    let desk = Desk { id, version, sending, has_acted, shown, row, messages: use_messages() };
    // Also what happens on another page of the same person.
    let state = Memo::new(move |_| row.with(|row| row.state));
    Effect::new(move |before: Option<Option<State>>| {
        let state = state.get();
        if before.flatten().is_some_and(|before| Some(before) != state) {
            version.update(|version| *version += 1);
        }
        state
    });
    let found = Resource::new_blocking(
        move || (id, show.get(), version.get()),
        |(id, show, _)| look_at_import(id, show.word().to_owned()),
    );
    view! {
        <Transition fallback=|| {
            view! { <p class="blank" role="status">"Loading the import…"</p> }
        }>
            {move || Suspend::new(async move {
                match found.await.unwrap_or(Err(Refusal::Common(Common::Unavailable))) {
                    Ok(view) => view! { <Found desk view /> }.into_any(),
                    Err(refusal) => view! { <Problem refusal /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Found(desk: Desk, view: View) -> impl IntoView {
    let id = desk.id;
    let (state, told, show) = (view.state, view.done, view.show);
    // What had the focus was drawn anew.
    Effect::new(move |_| {
        let before = desk.shown.get_value();
        desk.shown.set_value(Some(show));
        if before.is_some_and(|before| before != show) {
            focus_if_lost(vec![filter_id(show)]);
        } else if desk.has_acted.get_value() {
            focus_if_lost(vec![OUTCOME.to_owned(), RUN.to_owned()]);
        }
    });
    let part = match state {
        State::Ready => view! { <Ready desk view=view.clone() /> }.into_any(),
        State::Running if view.is_interrupted => view! { <Interrupted desk view=view.clone() /> }.into_any(),
        State::Running => view! { <Running desk progress=view.progress /> }.into_any(),
        State::Done => view! { <Imported desk view=view.clone() /> }.into_any(),
        State::Undone => view! { <Undone told /> }.into_any(),
    };
    view! {
        <div class="heading">
            <h1>"Import of " <bdi>{view.name.clone()}</bdi></h1>
            <a class="button" href=PATH>
                "Another file"
            </a>
        </div>
        <NoticeBanner back=format!("{PATH}/{id}") />
        {part}
        <Preview view />
    }
}

/// What it would do, and the buttons that have it done.
#[component]
fn Ready(desk: Desk, view: View) -> impl IntoView {
    let View { id, counts, ignored, ignored_more, .. } = view;
    let (wrong, written, stale) = (counts.wrong, counts.written(), counts.stale);
    let ignored = (!ignored.is_empty()).then(|| {
        let names = ignored.into_iter().map(|name| view! { <li><bdi>{name}</bdi></li> }).collect_view();
        view! {
            <div class="import-ignored">
                <p class="hint">"Columns that are not known, and not read:"</p>
                <ul role="list" class="import-columns">
                    {names}
                    {(ignored_more > 0).then(|| view! { <li>{format!("and {} more", grouped(ignored_more as i64))}</li> })}
                </ul>
            </div>
        }
    });
    let stale = (stale > 0).then(|| {
        view! {
            <div class="notice question" role="status">
                <p>
                    {format!("{} about products that others have changed since you looked: look at them again.", rows(stale))}
                </p>
                <a class="button" href=format!("{PATH}/{id}?{}={}", Show::PARAMETER, Show::Stale.word())>
                    "Show them"
                </a>
            </div>
        }
    });
    let errors = (wrong > 0).then(|| {
        view! {
            <div class="notice refused">
                <p>
                    {format!("{} with errors.", rows(wrong))}
                    {(written > 0).then_some(" Mend the file, or import the others and download these, with a column that says what is wrong.")}
                </p>
                <a class="button" href=rest(id) download="rows-with-errors.csv" rel="external">
                    {format!("Download {}", rows(wrong))}
                </a>
            </div>
        }
    });
    let running = Signal::derive(move || {
        desk.row.with(|row| (row.state == State::Running).then_some((row.rows_done, row.rows_all))).flatten()
    });
    let button = match (written, wrong) {
        (0, 0) => view! { <p class="hint">"There is nothing to import: everything is so already."</p> }.into_any(),
        (0, _) => ().into_any(),
        (written, 0) => view! { <Run desk leave_out=false words=format!("Import {}", rows(written)) /> }.into_any(),
        (written, wrong) => {
            let words = format!("Import {}, leave out {}", rows(written), wrong);
            view! { <Run desk leave_out=true words /> }.into_any()
        }
    };
    view! {
        {stale}
        {errors}
        {ignored}
        {button}
        {move || running.get().map(|_| view! { <Progress of=Signal::derive(move || running.get().unwrap_or_default()) /> })}
    }
}

/// The button that has it done.
#[component]
fn Run(desk: Desk, leave_out: bool, words: String) -> impl IntoView {
    let Desk { id, sending, .. } = desk;
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        desk.carry_out(move || run_import(id, leave_out), "was not imported", "may not have been imported");
    };
    view! {
        <form class="import-run" method="post" action=RunImport::PATH aria-label="Import" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="leave_out" value=leave_out.to_string() />
            <button id=RUN class="button primary" aria-disabled=move || sending.get().to_string()>
                {words}
            </button>
            <p class="hint">
                {move || if sending.get() { "Importing…" } else { "All of it together, or nothing. You can undo it." }}
            </p>
        </form>
    }
}

impl Desk {
    /// Asks for something once at a time, and says what became of it.
    fn carry_out<F>(self, ask: impl FnOnce() -> F, was_not: &'static str, may_not: &'static str)
    where
        F: Future<Output = Result<Result<Done, Refusal>, ServerFnError>> + 'static,
    {
        if self.sending.get_untracked() {
            return;
        }
        self.sending.set(true);
        self.has_acted.set_value(true);
        let asked = ask();
        spawn_local(async move {
            let Self { version, sending, messages, .. } = self;
            match asked.await {
                Ok(Ok(_)) => {}
                Ok(Err(refusal)) => messages.refused(format!("The file {was_not}. {}.", refusal.message())),
                Err(error) => {
                    let unconfirmed = Unconfirmed::failed(&error);
                    let was = if unconfirmed.was_not == "was not" { was_not } else { may_not };
                    messages.refused(format!("The file {was}. {}.", unconfirmed.reason));
                }
            }
            sending.try_set(false);
            version.try_update(|version| *version += 1);
        });
    }
}

/// It runs, here or elsewhere.
#[component]
fn Running(desk: Desk, progress: (i32, i32)) -> impl IntoView {
    let of = Signal::derive(move || {
        desk.row.with(|row| (row.rows_done, row.rows_all)).filter(|(_, all)| *all > 0).unwrap_or(progress)
    });
    view! {
        <div class="notice" role="status">
            <p>"It is being imported. You may leave this page; it goes on."</p>
            <a class="button plain" href=format!("{PATH}/{}", desk.id)>
                "Look again"
            </a>
        </div>
        <Progress of />
    }
}

/// The server that imported it is gone.
#[component]
fn Interrupted(desk: Desk, view: View) -> impl IntoView {
    view! {
        <div class="notice refused" role="alert">
            <p>"The import was interrupted. Nothing of it was written."</p>
        </div>
        <Ready desk view />
    }
}

/// What it has done, and the button that undoes it.
#[component]
fn Imported(desk: Desk, view: View) -> impl IntoView {
    let View { id, done, .. } = view;
    let sending = desk.sending;
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        desk.carry_out(move || undo_import(id), "was not undone", "may not have been undone");
    };
    view! {
        <div class="notice" id=OUTCOME tabindex="-1" role="status">
            <p>{done.told()} "."</p>
            {(done.left_out > 0)
                .then(|| {
                    view! {
                        <a class="button" href=rest(id) download="rows-with-errors.csv" rel="external">
                            {format!("Download {}", rows(done.left_out as usize))}
                        </a>
                    }
                })}
            <form method="post" action=UndoImport::PATH aria-label="Undo the import" on:submit=submit>
                <input type="hidden" name="id" value=id.to_string() />
                <button class="button" aria-disabled=move || sending.get().to_string()>
                    "Undo"
                </button>
            </form>
            <a class="button" href="/">
                "To the inventory"
            </a>
        </div>
    }
}

#[component]
fn Undone(told: Done) -> impl IntoView {
    view! {
        <div class="notice" id=OUTCOME tabindex="-1" role="status">
            <p>"The import was undone. " {told.told_undone()} "."</p>
            <a class="button" href="/">
                "To the inventory"
            </a>
        </div>
    }
}

//! Which transactions changed the rows that are asked for, by whom and when: the changelog as people read it.
//!
//! It is asked again when the rows shown have changed, never by the clock, and more seldom the longer an answer takes.

use super::{
    actions::recent_changes,
    ask::Ask,
    cell::cell,
    model::{Change, Log, Refusal, Shape, Table, Transaction},
};
use crate::app::{fresh, inventory::grouped, when::When};
use leptos::{ev, prelude::*, task::spawn_local};
use serde_json::value::RawValue;
use std::{collections::HashMap, time::Duration};

/// How long it waits after an answer before it asks again, at least.
const PAUSE: Duration = Duration::from_millis(400);
/// How many times as long as the answer took.
const PAUSE_FACTOR: u32 = 4;
/// How long it waits if it was told nothing.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Values of a row that came or went that are told at once.
const TOLD: usize = 3;

/// What the pane knows, and whether it follows.
#[derive(Clone, Copy)]
struct Follow {
    told: RwSignal<Result<Log, Refusal>>,
    is_on: RwSignal<bool>,
    /// An answer is on its way, or was there a moment ago.
    busy: StoredValue<bool>,
    /// Something has changed meanwhile.
    due: StoredValue<bool>,
    ask: Memo<Ask>,
    /// Which question `told` is about.
    of: StoredValue<Ask>,
}

/// The latest changes; `pulse` moves when rows do.
#[component]
pub(super) fn LogPane(table: Table, ask: Memo<Ask>, pulse: RwSignal<u64>) -> impl IntoView {
    let first = Resource::new_blocking(|| (), move |()| recent_changes(ask.get_untracked()));
    let table = StoredValue::new(table);
    view! {
        <section class="explore-log" aria-labelledby="changes-heading">
            <Suspense fallback=|| {
                view! {
                    <h2 id="changes-heading">"Changes"</h2>
                    <p class="hint" role="status">"Reading the latest changes…"</p>
                }
            }>
                {move || Suspend::new(async move {
                    let first = first.await.unwrap_or(Err(Refusal::Unavailable));
                    view! { <Changes first table=table.get_value() ask pulse /> }
                })}
            </Suspense>
        </section>
    }
}

#[component]
fn Changes(first: Result<Log, Refusal>, table: Table, ask: Memo<Ask>, pulse: RwSignal<u64>) -> impl IntoView {
    let follow = Follow {
        told: RwSignal::new(first),
        is_on: RwSignal::new(true),
        busy: StoredValue::new(false),
        due: StoredValue::new(false),
        of: StoredValue::new(ask.get_untracked()),
        ask,
    };
    Effect::new(move |before: Option<(u64, Ask)>| {
        let now = (pulse.get(), ask.get());
        match before {
            // What is told of another question is no answer to this one, also while it is paused.
            Some((_, asked)) if asked != now.1 => follow.look_at_once(),
            Some((moved, _)) if moved != now.0 => follow.look(),
            _ => {}
        }
        now
    });
    Effect::new(move || {
        let seen = window_event_listener(ev::visibilitychange, move |_| follow.catch_up());
        on_cleanup(move || seen.remove());
    });
    let toggle = move |_| {
        follow.is_on.update(|is_on| *is_on = !*is_on);
        follow.catch_up();
    };
    let entries = Memo::new(move |_| {
        follow.told.with(|told| told.as_ref().map(|log| log.transactions.clone()).unwrap_or_default())
    });
    let end = move || {
        follow.told.with(|told| match told {
            // The rows say what is wrong with it.
            Err(Refusal::Refused(_)) => Some(
                view! { <p class="hint">"There is nothing to follow until the question can be answered."</p> }
                    .into_any(),
            ),
            Err(refusal) => Some(view! { <p class="problem" role="alert">{refusal.message()}</p> }.into_any()),
            Ok(log) if log.transactions.is_empty() => {
                Some(view! { <p class="hint">"No change is on record. The next one of the rows that are shown is told here."</p> }.into_any())
            }
            Ok(log) => {
                let since = log.since.clone().filter(|_| !log.earlier);
                since.map(|(at, why)| {
                    view! { <p class="hint">"Known since " {at.to_the_minute()} ": " {why} "."</p> }.into_any()
                })
            }
        })
    };
    let table = StoredValue::new(table);
    view! {
        <div class="log-head">
            <h2 id="changes-heading">"Changes"</h2>
            <button type="button" class="button scripted" aria-pressed=move || (!follow.is_on.get()).to_string() on:click=toggle>
                "Pause"
            </button>
        </div>
        <ol class="log" role="list" tabindex="0" aria-label="Latest changes, the newest first">
            <For each=move || entries.get() key=Transaction::clone let:one>
                <Entry transaction=one table=table.get_value() />
            </For>
        </ol>
        {end}
    }
}

impl Follow {
    /// Asks for what there is now: later, if it does already, if somebody reads, or if nobody looks.
    fn look(self) {
        if self.busy.get_value() || !self.is_on.get_untracked() || document().hidden() {
            self.due.set_value(true);
        } else {
            self.look_at_once();
        }
    }

    /// What was put off.
    fn catch_up(self) {
        if self.due.try_get_value() == Some(true) {
            self.look();
        }
    }

    fn look_at_once(self) {
        self.busy.set_value(true);
        self.due.set_value(false);
        let (ask, began) = (self.ask.get_untracked(), fresh::millis());
        spawn_local(async move {
            let told = recent_changes(ask.clone()).await.unwrap_or(Err(Refusal::Unavailable));
            let Some(now) = self.ask.try_get_untracked() else { return };
            let took = u64::try_from(fresh::millis() - began).unwrap_or(0);
            let mut pause = PAUSE.max(Duration::from_millis(took) * PAUSE_FACTOR);
            if now != ask {
                // Another one is on its way.
                return;
            }
            // What is known is worth more than that nothing newer can be told just now.
            let fails_for_now = matches!(told, Err(Refusal::Unavailable | Refusal::TooMuch(_)));
            if fails_for_now && self.told.with_untracked(Result::is_ok) && self.of.get_value() == ask {
                self.due.set_value(true);
                pause = pause.max(AFTER_FAILURE);
            } else {
                self.of.set_value(ask);
                self.told.set(told);
            }
            let again = move || {
                if self.busy.try_set_value(false).is_none() {
                    self.catch_up();
                }
            };
            set_timeout(again, pause);
        });
    }
}

#[component]
fn Entry(transaction: Transaction, table: Table) -> impl IntoView {
    let Transaction { number, at, who, rows, further, partial, .. } = transaction;
    let rows = rows.into_iter().map(|change| view! { <ChangeView change table=table.clone() /> }).collect_view();
    view! {
        <li class="tx">
            <p class="tx-head">
                <span class="code">"tx " {number.to_string()}</span>
                <span>
                    {match who {
                        Some(who) => view! { <bdi>{who}</bdi> }.into_any(),
                        None => view! { <span class="hint">"in the database"</span> }.into_any(),
                    }}
                </span>
                <When at=Signal::stored(Some(at)) />
            </p>
            <ul role="list">{rows}</ul>
            {(further > 0).then(|| view! { <p class="hint">{format!("and {}{} more rows", if partial { "at least " } else { "" }, grouped(further as i64))}</p> })}
        </li>
    }
}

/// The values of an image by their columns.
fn read(image: &str) -> HashMap<String, Box<RawValue>> {
    serde_json::from_str(image).unwrap_or_default()
}

fn shown(value: Option<&RawValue>, shape: Shape) -> String {
    let cell = cell(value.map_or("null", RawValue::get), shape);
    match cell.text.char_indices().nth(48) {
        Some((end, _)) => format!("{}…", &cell.text[..end]),
        None => cell.text,
    }
}

#[component]
fn ChangeView(change: Change, table: Table) -> impl IntoView {
    let (old, new) = (change.old.as_deref().map(read), change.new.as_deref().map(read));
    let (word, class) = match (&old, &new) {
        (None, _) => ("insert", "op-insert"),
        (_, None) => ("delete", "op-delete"),
        _ => ("update", "op-update"),
    };
    let any = new.as_ref().or(old.as_ref()).cloned().unwrap_or_default();
    let key = table.key.iter().map(|name| {
        let shape = table.column(name).map(|column| column.shape).unwrap_or_default();
        format!("{name} {}", shown(any.get(name).map(AsRef::as_ref), shape))
    });
    let key = key.collect::<Vec<_>>().join(", ");
    let columns = || table.columns.iter().filter(|column| any.contains_key(&column.name));
    let values = match (&old, &new) {
        (Some(old), Some(new)) => columns()
            .filter(|column| {
                old.get(&column.name).map(|value| value.get()) != new.get(&column.name).map(|value| value.get())
            })
            .map(|column| {
                let (before, after) = (
                    shown(old.get(&column.name).map(AsRef::as_ref), column.shape),
                    shown(new.get(&column.name).map(AsRef::as_ref), column.shape),
                );
                view! {
                    <li>
                        <bdi class="column-name">{column.name.clone()}</bdi>
                        " "
                        <del dir="auto">{before}</del>
                        <span aria-hidden="true">" → "</span>
                        <ins dir="auto">{after}</ins>
                    </li>
                }
                .into_any()
            })
            .collect_view()
            .into_any(),
        _ => {
            let told = columns()
                .filter(|column| !table.key.contains(&column.name))
                .map(|column| (column.name.clone(), shown(any.get(&column.name).map(AsRef::as_ref), column.shape)));
            let told: Vec<(String, String)> = told.collect();
            let field = |(name, value): (String, String)| {
                view! {
                    <li>
                        <bdi class="column-name">{name}</bdi>
                        " "
                        <span dir="auto">{value}</span>
                    </li>
                }
            };
            let (first, rest) = told.split_at(TOLD.min(told.len()));
            let rest = (!rest.is_empty()).then(|| {
                let count = rest.len();
                view! {
                    <li>
                        <details>
                            <summary>{format!("{count} more columns")}</summary>
                            <ul role="list">{rest.iter().cloned().map(field).collect_view()}</ul>
                        </details>
                    </li>
                }
            });
            view! {
                {first.iter().cloned().map(field).collect_view()}
                {rest}
            }
            .into_any()
        }
    };
    view! {
        <li class=format!("op {class}")>
            <span class="op-word">{word}</span>
            <bdi class="code">{key}</bdi>
            <ul role="list">{values}</ul>
        </li>
    }
}

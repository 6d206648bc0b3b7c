//! What is there before a table is chosen: all of them, and how to make more of them live.

use super::{
    ask::Ask,
    clipboard,
    model::{Asleep, Known, Shape, Table, Why},
};
use crate::app::{response::set_status, toast::use_messages};
use leptos::prelude::*;
use leptos_router::components::A;

/// Columns of a table that are named on its card.
const NAMED: usize = 8;

/// All tables.
#[component]
pub(super) fn Start(known: Known) -> impl IntoView {
    let nothing = known.tables.is_empty();
    view! {
        <div class="heading">
            <h1>"Explorer"</h1>
            <p class="count">"Any table as a live grid: filter it, sort it, add it up, and watch each change arrive."</p>
        </div>
        {nothing.then(|| view! { <Nothing is_told=!known.asleep.is_empty() /> })}
        <ul class="table-cards" role="list">
            {known.tables.into_iter().map(|table| view! { <Card table /> }).collect_view()}
        </ul>
        {(!known.asleep.is_empty()).then(|| view! { <AsleepList tables=known.asleep more=known.more_asleep /> })}
    }
}

#[component]
fn Nothing(is_told: bool) -> impl IntoView {
    view! {
        <div class="blank">
            <h2>"There is no table to look at yet"</h2>
            {if is_told {
                view! { <p>"Those below are there. Make one live, and grant it to yourself."</p> }.into_any()
            } else {
                view! {
                    <p>
                        "Make one live with " <code>"rowcast track TABLE"</code> " and let people see it with "
                        <code>"rowcast grant TABLE --role staff"</code> ". It is here when you load this page again."
                    </p>
                }
                    .into_any()
            }}
        </div>
    }
}

#[component]
fn Card(table: Table) -> impl IntoView {
    let (schema, name) = table.parts();
    let (schema, name) = (schema.to_owned(), name.to_owned());
    let further = table.columns.len().saturating_sub(NAMED);
    let key = table.key.clone();
    let columns = table.columns.into_iter().take(NAMED).map(move |column| {
        let is_key = key.contains(&column.name);
        view! {
            <li class=class_of(column.shape) class:key=is_key title=column.sql>
                <bdi>{column.name}</bdi>
                {is_key.then(|| view! { <span class="unseen">" (key)"</span> })}
            </li>
        }
    });
    view! {
        <li class="table-card">
            <h2>
                <A href=Ask::of(&table.name).address()>
                    <span class="schema">{schema} "."</span>
                    <bdi>{name}</bdi>
                </A>
            </h2>
            <ul class="chips" role="list" aria-label="Columns">
                {columns.collect_view()}
                {(further > 0).then(|| view! { <li class="further">{format!("{further} more")}</li> })}
            </ul>
        </li>
    }
}

/// A class for values of a shape.
pub(super) const fn class_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Number => "is-number",
        Shape::Text => "is-text",
        Shape::Bool => "is-bool",
        Shape::Time => "is-time",
        Shape::Json => "is-json",
    }
}

/// For administrators: what is there and cannot be looked at, and what to type so that it can.
#[component]
fn AsleepList(tables: Vec<Asleep>, more: bool) -> impl IntoView {
    let messages = use_messages();
    let rows = tables.into_iter().map(|Asleep { name, command, why }| {
        let why = match why {
            Why::NotLive => "Not live",
            Why::NotGranted => "Live, but nothing of it is granted to administrators",
            Why::NoKey => "Without a primary key, nobody can say which row changed: add one first",
        };
        let copied = command.clone();
        let copy = move |_| clipboard::copy(copied.clone(), messages, "The command is copied");
        let has_command = !command.is_empty();
        view! {
            <li>
                <bdi class="code">{name}</bdi>
                <span class="hint">{why}</span>
                {has_command
                    .then(|| {
                        view! {
                            <code>{command}</code>
                            <button type="button" class="button scripted" on:click=copy>
                                "Copy"
                            </button>
                        }
                    })}
            </li>
        }
    });
    view! {
        <section class="asleep" id="asleep" aria-labelledby="asleep-heading">
            <h2 id="asleep-heading">"Not live yet"</h2>
            <p class="hint">"Type the command where the server runs; the table is here when you load this page again."</p>
            <ul role="list">{rows.collect_view()}</ul>
            {more.then(|| view! { <p class="hint">"There are more; they show as these become fewer."</p> })}
        </section>
    }
}

/// An address that names a table which is not there, or not for whoever asks.
#[component]
pub(super) fn NoSuchTable(name: String, known: Known) -> impl IntoView {
    set_status(404);
    let mut shown: String = name.chars().take(100).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    view! {
        <section class="blank">
            <p class="blank-code" aria-hidden="true">
                "404"
            </p>
            <h1>"There is no such table to look at"</h1>
            <p>
                <bdi class="code">{shown}</bdi>
                " is not live, or nothing of it is granted to you. "
                {if known.tables.is_empty() { "There is none that you may read." } else { "The list has those that you may read." }}
            </p>
            <p>
                <A href=super::ask::PATH attr:class="button">
                    "All tables"
                </A>
            </p>
        </section>
    }
}

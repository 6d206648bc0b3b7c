//! The page: tables on one side, and one of them.

use super::{
    actions::known_tables,
    ask::Ask,
    controls::Controls,
    copy::CopyAs,
    grid::Grid,
    log::LogPane,
    model::{Known, Refusal, Table},
    start::{NoSuchTable, Start},
    tables::Tables,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{inventory::grouped, missing, response::set_status},
    identity::visitor::use_visitor,
    store::{AnyRow, LiveQuery, Query, use_query},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// Any table, for whoever may read it.
#[component]
pub(in crate::app) fn ExplorePage() -> impl IntoView {
    let query = use_query_map();
    let ask = Memo::new(move |_| query.with(|query| Ask::read(|name| query.get_all(name).unwrap_or_default())));
    let known = Resource::new_blocking(|| (), |()| known_tables());
    view! {
        <Title text="Explorer · Rowcast" />
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the tables…"</p> }
        }>
            {move || Suspend::new(async move {
                match known.await.unwrap_or(Err(Refusal::Unavailable)) {
                    Ok(known) => view! { <Explorer known ask /> }.into_any(),
                    Err(refusal) => view! { <Problem refusal /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Explorer(known: Known, ask: Memo<Ask>) -> impl IntoView {
    let known = StoredValue::new(known);
    // What is spelled without its schema is meant as well.
    let table = Memo::new(move |_| {
        let name = ask.with(|ask| ask.table.clone());
        let dotted = format!("public.{name}");
        known.with_value(|known| {
            let found = known.tables.iter().find(|table| table.name == name);
            found.or_else(|| known.tables.iter().find(|table| table.name == dotted)).cloned()
        })
    });
    let named = Memo::new(move |_| ask.with(|ask| ask.table.clone()));
    view! {
        <div class="explore" class:chosen=move || table.with(Option::is_some)>
            <Tables known=known.get_value() chosen=Signal::derive(move || table.with(|table| table.as_ref().map(|table| table.name.clone()))) />
            <div class="explore-main">
                {move || match table.get() {
                    Some(table) => view! { <Sheet table ask /> }.into_any(),
                    None if named.with(String::is_empty) => view! { <Start known=known.get_value() /> }.into_any(),
                    None => view! { <NoSuchTable name=named.get() known=known.get_value() /> }.into_any(),
                }}
            </div>
        </div>
    }
}

/// One table, as it is asked for.
#[component]
fn Sheet(table: Table, ask: Memo<Ask>) -> impl IntoView {
    let (schema, name) = table.parts();
    let (schema, name) = (schema.to_owned(), name.to_owned());
    let own = {
        let full = table.name.clone();
        let dotted = name.clone();
        // When another table is asked for, this one is left as it is.
        Memo::new(move |before: Option<&Ask>| {
            let asked = ask.get();
            if asked.table == full || asked.table == dotted {
                Ask { table: full.clone(), ..asked }
            } else {
                before.cloned().unwrap_or_else(|| Ask::of(&full))
            }
        })
    };
    let headings = {
        let (names, key) = (table.names(), table.key.clone());
        Memo::new(move |_| (own.with(|ask| ask.headings(&names, &key)), own.with(Ask::is_totals)))
    };
    let pulse = RwSignal::new(0_u64);
    let count = use_query(move || Query::asking(own.with(Ask::counted)));
    Effect::new(move || {
        count.live().revision();
        pulse.update(|pulse| *pulse += 1);
    });
    let works_here = use_visitor().person.works_here();
    let narrowed = table.narrowed.then(|| view! { <p class="hint">"Some of its rows or columns are not for you."</p> });
    let table = StoredValue::new(table);
    view! {
        <div class="heading">
            <h1>
                <span class="schema">{schema} "."</span>
                <bdi>{name}</bdi>
            </h1>
            <Suspense>
                {move || Suspend::new(async move {
                    let count = count.ready().await;
                    view! { <CountOf count ask=own /> }
                })}
            </Suspense>
            <CopyAs table=table.get_value() ask=own />
        </div>
        {narrowed}
        <Controls table=table.get_value() ask=own />
        <div class="explore-body">
            {move || {
                let (headings, totals) = headings.get();
                view! { <Grid table=table.get_value() ask=own headings totals pulse /> }
            }}
            {works_here.then(|| view! { <LogPane table=table.get_value() ask=own pulse /> })}
        </div>
    }
}

/// How many rows there are.
#[component]
fn CountOf(count: LiveQuery<AnyRow>, ask: Memo<Ask>) -> impl IntoView {
    let rows = Memo::new(move |_| {
        let all = count.first()?.values(&[["count"]]);
        all.first()?.parse::<i64>().ok()
    });
    let words = move || {
        if missing::missing(count, "").is_some() {
            return String::new();
        }
        let matching = if ask.with(|ask| ask.filter.is_empty()) { "" } else { " match" };
        match rows.get() {
            None => String::new(),
            Some(1) => format!("1 row{}", if matching.is_empty() { "" } else { " matches" }),
            Some(rows) => {
                let shown = ask.with(|ask| if ask.is_totals() { i64::MAX } else { i64::from(ask.limit) });
                let first =
                    if rows > shown { format!(", the first {} are shown", grouped(shown)) } else { String::new() };
                format!("{} rows{matching}{first}", grouped(rows))
            }
        }
    };
    view! { <p class="count">{words}</p> }
}

#[component]
fn Problem(refusal: Refusal) -> impl IntoView {
    set_status(refusal.status());
    view! {
        <section class="blank">
            <p class="blank-code" aria-hidden="true">
                {refusal.status()}
            </p>
            <h1>"The tables cannot be shown"</h1>
            <p>{refusal.message()}</p>
            <p>
                <a class="button" href=super::ask::PATH rel="external">
                    "Try again"
                </a>
            </p>
        </section>
    }
}

//! The form that asks. It works as one without JavaScript; with it, each choice acts at once, and a condition with Enter.

use super::{
    ask::{Ask, LIMITS, PATH, Total},
    model::{Shape, Table},
};
use leptos::{
    ev, html,
    prelude::*,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::FormData,
};
use leptos_router::{NavigateOptions, components::A, hooks::use_navigate};

/// Says what is wrong with the condition, see `grid`.
pub(super) const PROBLEM: &str = "explore-problem";

/// Which rows, in which order, how many, which columns, or totals of what.
#[component]
pub(super) fn Controls(table: Table, ask: Memo<Ask>) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let navigate = use_navigate();
    let apply = move || {
        let Some(form) = form.get_untracked() else { return };
        let Ok(data) = FormData::new_with_form(&form) else { return };
        let all = |name: &str| data.get_all(name).iter().filter_map(|value: JsValue| value.as_string()).collect();
        let asked = Ask::read(all);
        if asked != ask.get_untracked() {
            let options =
                NavigateOptions { replace: true, scroll: false, resolve: false, ..NavigateOptions::default() };
            navigate(&asked.address(), options);
        }
    };
    let submit = {
        let apply = apply.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            apply();
        }
    };
    // A condition is finished when Enter or leaving it says so, which is a change, too.
    let change = move |event: ev::Event| {
        let is_ours = event.target().is_some_and(|target| target.dyn_ref::<leptos::web_sys::Element>().is_some());
        if is_ours {
            apply();
        }
    };
    let example = example(&table);
    let reset = Ask::of(&table.name).address();
    view! {
        <form class="explore-form" role="search" aria-label="What is shown" method="get" action=PATH node_ref=form on:submit=submit on:change=change>
            <input type="hidden" name="table" value=table.name.clone() />
            <div class="explore-bar">
                <label class="where">
                    <span>"where"</span>
                    <input
                        name="where"
                        class="code"
                        value=ask.with_untracked(|ask| ask.filter.clone())
                        prop:value=move || ask.with(|ask| ask.filter.clone())
                        placeholder=example
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        aria-describedby=PROBLEM
                    />
                </label>
                <SortChoice table=table.clone() ask />
                <label>
                    <span class="unseen">"Rows"</span>
                    <select name="limit" autocomplete="off">
                        {LIMITS
                            .map(|limit| {
                                let is_chosen = move || ask.with(|ask| ask.limit == limit);
                                view! {
                                    <option value=limit.to_string() selected=is_chosen prop:selected=is_chosen>
                                        {format!("{limit} rows")}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </label>
                <button class="button">"Show"</button>
                <Show when=move || ask.with(Ask::is_narrow)>
                    <A href=reset.clone() attr:class="button">
                        "Start over"
                    </A>
                </Show>
            </div>
            <div class="explore-folds">
                <ColumnChoice table=table.clone() ask />
                <TotalsChoice table ask />
            </div>
        </form>
    }
}

/// A condition that could be asked of this table.
fn example(table: &Table) -> String {
    let of = |shape| table.columns.iter().find(|one| one.shape == shape && !table.key.contains(&one.name));
    let parts: Vec<String> = [
        of(Shape::Number).map(|one| format!("{} > 10", one.in_sql())),
        of(Shape::Text).map(|one| format!("{} like 'A%'", one.in_sql())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let key = table.key.first().and_then(|name| table.column(name));
    match (parts.is_empty(), key) {
        (false, _) => parts.join(" and "),
        (true, Some(key)) => format!("{} is not null", key.in_sql()),
        (true, None) => String::new(),
    }
}

/// A column that is one of several to choose from.
#[component]
fn SortChoice(table: Table, ask: Memo<Ask>) -> impl IntoView {
    // Of totals, what they have is sorted.
    let (names, key) = (table.names(), table.key.clone());
    let offered = Memo::new(move |_| {
        ask.with(|ask| {
            let totals = ask.is_totals();
            let all = Ask { columns: Vec::new(), ..ask.clone() };
            let mut labels: Vec<String> = Vec::new();
            for heading in all.headings(&names, &key) {
                if !labels.contains(&heading.label) {
                    labels.push(heading.label);
                }
            }
            (labels, totals)
        })
    });
    let chosen = Memo::new(move |_| ask.with(|ask| ask.sort.clone()));
    let is_none = move || chosen.with(Option::is_none);
    let is_desc = move || chosen.with(|chosen| chosen.as_ref().is_some_and(|(_, desc)| *desc));
    view! {
        <label>
            <span class="unseen">"Sort by"</span>
            <select name="sort" autocomplete="off">
                <option value="" selected=is_none prop:selected=is_none>
                    "Unsorted"
                </option>
                <For each=move || offered.with(|(labels, _)| labels.clone()) key=String::clone let:label>
                    {
                        let own = label.clone();
                        let is_chosen = move || {
                            chosen.with(|chosen| chosen.as_ref().is_some_and(|(column, _)| *column == own))
                        };
                        view! {
                            <option value=label.clone() selected=is_chosen.clone() prop:selected=is_chosen>
                                {format!("by {label}")}
                            </option>
                        }
                    }
                </For>
            </select>
        </label>
        <label>
            <span class="unseen">"Direction"</span>
            <select name="direction" autocomplete="off">
                <option value="asc" selected=move || !is_desc() prop:selected=move || !is_desc()>
                    "ascending"
                </option>
                <option value="desc" selected=is_desc prop:selected=is_desc>
                    "descending"
                </option>
            </select>
        </label>
    }
}

#[component]
fn ColumnChoice(table: Table, ask: Memo<Ask>) -> impl IntoView {
    let key = table.key.clone();
    let columns = table.columns.into_iter().map(move |column| {
        let is_key = key.contains(&column.name);
        let own = column.name.clone();
        let is_chosen = move || ask.with(|ask| ask.columns.contains(&own));
        view! {
            <label class="chip-choice">
                <input
                    type="checkbox"
                    name="column"
                    value=column.name.clone()
                    autocomplete="off"
                    checked=is_chosen.clone()
                    prop:checked=is_chosen
                />
                <bdi>{column.name}</bdi>
                <span class="hint">{column.sql} {is_key.then_some(", key")}</span>
            </label>
        }
    });
    let chosen = move || {
        ask.with(|ask| match ask.columns.len() {
            0 => "all".to_owned(),
            some => some.to_string(),
        })
    };
    view! {
        <details name="explore-fold">
            <summary class="button">"Columns: " {chosen}</summary>
            <fieldset class="fold-panel">
                <legend class="hint">"Nothing chosen shows all of them. Those of the key always come along."</legend>
                <div class="chip-choices">{columns.collect_view()}</div>
            </fieldset>
        </details>
    }
}

#[component]
fn TotalsChoice(table: Table, ask: Memo<Ask>) -> impl IntoView {
    let rows = table.columns.into_iter().map(|column| {
        let name = column.name.clone();
        let is_group = move || ask.with(|ask| ask.group.contains(&name));
        let boxes = Total::ALL.map(|total| {
            let fits = match total {
                Total::Sum | Total::Avg => column.shape == Shape::Number,
                Total::Min | Total::Max => matches!(column.shape, Shape::Number | Shape::Time | Shape::Text),
            };
            let (name, own) = (column.name.clone(), column.name.clone());
            let is_chosen = move || ask.with(|ask| ask.totals.contains(&(total, own.clone())));
            view! {
                <td>
                    {fits
                        .then(|| {
                            view! {
                                <input
                                    type="checkbox"
                                    name=total.word()
                                    value=name.clone()
                                    autocomplete="off"
                                    aria-label=format!("{} of {name}", total.word())
                                    checked=is_chosen.clone()
                                    prop:checked=is_chosen
                                />
                            }
                        })}
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">
                    <bdi>{column.name.clone()}</bdi>
                </th>
                <td>
                    <input
                        type="checkbox"
                        name="group"
                        value=column.name.clone()
                        autocomplete="off"
                        aria-label=format!("Group by {}", column.name)
                        checked=is_group.clone()
                        prop:checked=is_group
                    />
                </td>
                {boxes}
            </tr>
        }
    });
    let rows = rows.collect_view();
    let summary = move || {
        ask.with(|ask| match (ask.is_totals(), ask.group.is_empty()) {
            (false, _) => "none".to_owned(),
            (true, true) => "of all rows".to_owned(),
            (true, false) => format!("by {}", ask.group.join(", ")),
        })
    };
    let counts = move || ask.with(|ask| ask.count);
    view! {
        <details name="explore-fold">
            <summary class="button">"Totals: " {summary}</summary>
            <fieldset class="fold-panel">
                <legend class="hint">"Instead of rows: how many there are, and what they add up to, for each combination of values."</legend>
                <label class="chip-choice">
                    <input type="checkbox" name="count" value="1" autocomplete="off" checked=counts prop:checked=counts />
                    "How many rows"
                </label>
                <table class="totals-choice">
                    <thead>
                        <tr>
                            <th scope="col">"Column"</th>
                            <th scope="col">"Group"</th>
                            <th scope="col">"Sum"</th>
                            <th scope="col">"Average"</th>
                            <th scope="col">"Smallest"</th>
                            <th scope="col">"Largest"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </fieldset>
        </details>
    }
}

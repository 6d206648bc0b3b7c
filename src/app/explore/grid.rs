//! The rows, as they are at every moment.

use super::{
    ask::{Ask, Heading},
    controls::PROBLEM,
    inspect::Inspector,
    model::{Shape, Table},
    row::RowView,
    start::class_of,
};
use crate::{
    app::missing::is_denied,
    protocol::ErrorCode,
    store::{AnyKey, AnyRow, LiveQuery, Phase, Query, QueryError, ReadError, use_query},
};
use leptos::prelude::*;
use leptos_router::components::A;
use std::{cmp::Ordering, sync::Arc};

/// A column of the grid: where its values are, and what they are like.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridColumn {
    pub(super) heading: Heading,
    pub(super) shape: Shape,
    sql: String,
    is_key: bool,
}

/// What the parts of a grid share.
#[derive(Clone)]
pub(super) struct GridColumns(pub(super) Arc<[GridColumn]>);

impl GridColumns {
    fn of(headings: Vec<Heading>, table: &Table, totals: bool) -> Self {
        let column = |heading: Heading| {
            let made_of = heading.column.as_deref().and_then(|name| table.column(name));
            let shape = match made_of {
                _ if heading.is_number => Shape::Number,
                Some(column) => column.shape,
                None => Shape::Text,
            };
            let is_key = !totals && heading.column.as_ref().is_some_and(|name| table.key.contains(name));
            let sql = made_of.map(|column| column.sql.clone()).unwrap_or_default();
            GridColumn { heading, shape, sql, is_key }
        };
        Self(headings.into_iter().map(column).collect())
    }

    /// Where the values are.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        self.0.iter().map(|column| column.heading.path.clone()).collect()
    }
}

/// The answer to what is asked, under these headings. `pulse` moves with it.
#[component]
pub(super) fn Grid(
    table: Table,
    ask: Memo<Ask>,
    headings: Vec<Heading>,
    totals: bool,
    pulse: RwSignal<u64>,
) -> impl IntoView {
    let rows = use_query(move || Query::asking(ask.with(Ask::question)));
    let columns = GridColumns::of(headings, &table, totals);
    Effect::new(move || {
        rows.live().revision();
        pulse.update(|pulse| *pulse += 1);
    });
    view! {
        <section class="explore-rows" aria-label="Rows">
            <Suspense fallback=|| {
                view! { <p class="hint" role="status">"Loading the rows…"</p> }
            }>
                {move || {
                    let columns = columns.clone();
                    Suspend::new(async move {
                        let rows = rows.ready().await;
                        view! { <Rows rows ask columns totals /> }
                    })
                }}
            </Suspense>
        </section>
    }
}

#[component]
fn Rows(rows: LiveQuery<AnyRow>, ask: Memo<Ask>, columns: GridColumns, totals: bool) -> impl IntoView {
    let inspected = RwSignal::new(None::<AnyKey>);
    let keys = {
        let (paths, columns) = (columns.paths(), columns.clone());
        Memo::new(move |_| {
            if !totals {
                return rows.keys();
            }
            let mut placed: Vec<(Vec<Box<str>>, AnyKey)> =
                rows.rows().into_iter().map(|row| (row.values(&paths), crate::store::LiveRow::key(&row))).collect();
            let sort = ask.with(|ask| ask.sort.clone()).and_then(|(label, desc)| {
                let place = columns.0.iter().position(|column| column.heading.label == label)?;
                Some((place, desc))
            });
            placed.sort_by(|(a, _), (b, _)| by_total(a, b, sort));
            placed.into_iter().map(|(_, key)| key).collect()
        })
    };
    let heads = columns.0.iter().cloned().map(|column| view! { <Head column ask /> }).collect_view();
    let width = columns.0.len() + 1;
    let is_empty = move || rows.phase() != Phase::Loading && rows.error().is_none() && keys.with(Vec::is_empty);
    let has_none = move || rows.error().is_some() && keys.with(Vec::is_empty);
    let shared = columns.clone();
    view! {
        <Trouble rows ask />
        <div class="grid-region" tabindex="0" role="region" aria-label="Rows, scrollable" hidden=has_none>
            <table class="grid" class:waiting=move || rows.phase() == Phase::CatchingUp>
                <thead>
                    <tr>
                        <th scope="col" class="peek scripted">
                            <span class="unseen">"In full"</span>
                        </th>
                        {heads}
                    </tr>
                </thead>
                <tbody>
                    <For each=move || keys.get() key=AnyKey::clone let:key>
                        <RowView row=key rows columns=shared.clone() inspected />
                    </For>
                </tbody>
                {move || {
                    (rows.phase() == Phase::Loading && rows.error().is_none())
                        .then(|| {
                            view! {
                                <tbody class="skeleton" aria-hidden="true">
                                    {(0..8).map(|_| view! { <tr><td colspan=width><span></span></td></tr> }).collect_view()}
                                </tbody>
                            }
                        })
                }}
            </table>
            <Show when=is_empty>
                <Empty ask />
            </Show>
        </div>
        <Inspector inspected rows columns />
    }
}

/// By a column, if any is named, and then by all from the left.
fn by_total(a: &[Box<str>], b: &[Box<str>], sort: Option<(usize, bool)>) -> Ordering {
    let first = sort.map_or(Ordering::Equal, |(place, desc)| {
        let order = AnyRow::compare(&a[place], &b[place]);
        if desc { order.reverse() } else { order }
    });
    first.then_with(|| {
        let all = a.iter().zip(b).map(|(a, b)| AnyRow::compare(a, b));
        all.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    })
}

/// A column's name, which sorts.
#[component]
fn Head(column: GridColumn, ask: Memo<Ask>) -> impl IntoView {
    let GridColumn { heading, shape, sql, is_key } = column;
    let label = heading.label;
    let direction = {
        let label = label.clone();
        Memo::new(move |_| {
            ask.with(|ask| ask.sort.as_ref().filter(|(column, _)| *column == label).map(|(_, desc)| *desc))
        })
    };
    let aria = move || direction.get().map(|desc| if desc { "descending" } else { "ascending" });
    let arrow = move || direction.get().map(|desc| if desc { " ↓" } else { " ↑" });
    let address = {
        let label = label.clone();
        move || ask.with(|ask| ask.sorted_by(&label).address())
    };
    view! {
        <th scope="col" class=class_of(shape) class:key=is_key aria-sort=aria title=sql>
            <A href=address scroll=false>
                <bdi>{label}</bdi>
                <span aria-hidden="true">{arrow}</span>
            </A>
        </th>
    }
}

#[component]
fn Empty(ask: Memo<Ask>) -> impl IntoView {
    move || {
        let (filtered, reset) =
            ask.with(|ask| (!ask.filter.is_empty(), Ask { filter: String::new(), ..ask.clone() }.address()));
        if filtered {
            view! {
                <div class="blank">
                    <h2>"No row matches"</h2>
                    <p>"One that does shows here at once. " <A href=reset>"Show all rows"</A></p>
                </div>
            }
            .into_any()
        } else {
            view! {
                <div class="blank">
                    <h2>"The table is empty"</h2>
                    <p>"The first row shows here as soon as it is committed."</p>
                </div>
            }
            .into_any()
        }
    }
}

/// What is wrong with the question, with the place in the condition.
#[component]
fn Trouble(rows: LiveQuery<AnyRow>, ask: Memo<Ask>) -> impl IntoView {
    let error = Memo::new(move |_| rows.error());
    let told = move || {
        let error = error.get()?;
        let (message, hint, at) = match &error {
            error if is_denied(error) => {
                return Some(view! { <p class="problem">"This table is not live any more, or nothing of it is granted to you."</p> }.into_any());
            }
            QueryError::Read(ReadError::Refused(refusal)) | QueryError::Subscription(refusal) => (
                refusal.message.clone(),
                refusal.hint.clone(),
                refusal.at.filter(|_| refusal.code != ErrorCode::InvalidParameter),
            ),
            QueryError::Read(other) => (other.to_string(), None, None),
        };
        let marked = at.and_then(|at| {
            ask.with_untracked(|ask| {
                let rest = ask.filter.get(at..)?;
                let word = rest.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(rest.len());
                let end = at + word.max(rest.chars().next().map_or(0, char::len_utf8));
                Some((ask.filter[..at].to_owned(), ask.filter[at..end].to_owned(), ask.filter[end..].to_owned()))
            })
        });
        Some(
            view! {
                <p class="problem">{message} {hint.map(|hint| view! { <span class="hint">" " {hint}</span> })}</p>
                {marked
                    .map(|(before, here, after)| {
                        let here = if here.is_empty() { "⏎".to_owned() } else { here };
                        view! { <p class="code marked">{before} <mark>{here}</mark> {after}</p> }
                    })}
            }
            .into_any(),
        )
    };
    view! { <div id=PROBLEM role="alert">{told}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_sorted_by_what_is_asked_and_then_from_the_left() {
        let row = |values: [&str; 2]| values.map(Box::<str>::from).to_vec();
        let (a, b) = (row(["\"a\"", "10"]), row(["\"b\"", "9"]));
        assert_eq!(by_total(&a, &b, None), Ordering::Less);
        assert_eq!(by_total(&a, &b, Some((1, false))), Ordering::Greater);
        assert_eq!(by_total(&a, &b, Some((1, true))), Ordering::Less);
        assert_eq!(by_total(&row(["null", "1"]), &row(["\"z\"", "1"]), Some((1, true))), Ordering::Greater);
    }
}

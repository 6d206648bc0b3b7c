//! What became of the pieces, the latest first, live.

use super::{
    movement::{Movement, MovementKey},
    page::address,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{inventory::grouped, missing::InPlace, when::When},
    store::{LiveQuery, use_query},
};
use leptos::prelude::*;
use leptos_router::components::A;

/// How many are shown at first, and how many more each time.
const STEP: u32 = 20;
/// Most rows of a live window.
const MOST: u32 = 1_000;
/// The parameter of the address.
const ROWS: &str = "rows";

/// For those who work here.
#[component]
pub(super) fn Movements(id: i64) -> impl IntoView {
    let query = use_query_map();
    let rows = Memo::new(move |_| {
        let rows = query.with(|query| query.get_str(ROWS).and_then(|rows| rows.parse::<u32>().ok()));
        rows.unwrap_or(STEP).clamp(STEP, MOST).div_ceil(STEP) * STEP
    });
    let movements = use_query(move || Movement::latest(id, rows.get()));
    view! {
        <div class="panel movements">
            <h2 id="movements">"Stock movements"</h2>
            <Suspense fallback=|| view! { <p class="hint" role="status">"Loading…"</p> }>
                {move || Suspend::new(async move {
                    view! { <List id rows movements=movements.ready().await /> }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn List(id: i64, rows: Memo<u32>, movements: LiveQuery<Movement>) -> impl IntoView {
    let is_empty = Memo::new(move |_| movements.is_empty());
    let body = move || {
        if is_empty.get() {
            let says = movements.error().is_none();
            return says
                .then(|| view! { <p class="hint">"Nothing has been noted yet. Adjust the stock, and it is told here."</p> })
                .into_any();
        }
        view! {
            <div class="movement-region" tabindex="0" role="region" aria-labelledby="movements">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col">"What"</th>
                            <th scope="col" class="number">
                                "Change"
                            </th>
                            <th scope="col" class="number">
                                "Left"
                            </th>
                            <th scope="col">"Who"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || movements.keys() key=|key| key.version children=move |key| view! { <Line movements key /> } />
                    </tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let more = move || {
        let (rows, shown) = (rows.get(), movements.len());
        (shown >= rows as usize && rows < MOST).then(|| {
            let href = format!("{}?{ROWS}={}", address(id), rows + STEP);
            view! {
                <A href attr:class="button" scroll=false>
                    "Earlier movements"
                </A>
            }
        })
    };
    view! {
        <InPlace query=movements what="Stock movements" />
        {body}
        {more}
    }
}

#[component]
fn Line(movements: LiveQuery<Movement>, key: MovementKey) -> impl IntoView {
    let row = movements.row(key);
    let read = move |read: fn(&Movement) -> String| row.with(read).unwrap_or_default();
    let order = untrack(|| row.with(|row| row.order_id)).flatten();
    let words = move || read(Movement::words);
    let what = match order {
        Some(order) => view! { <A href=format!("/orders/{order}")>{words}</A> }.into_any(),
        None => view! { <span>{words}</span> }.into_any(),
    };
    let note = move || {
        let note = read(|row| row.note.clone());
        (!note.is_empty()).then(|| {
            view! {
                <span class="movement-note" dir="auto">
                    {note}
                </span>
            }
        })
    };
    view! {
        <tr>
            <td>
                <When at=Signal::derive(move || row.with(|row| row.at)) />
            </td>
            <td>{what} {note}</td>
            <td class="number" class:less=move || row.with(|row| row.change < 0).unwrap_or_default()>
                {move || read(Movement::signed)}
            </td>
            <td class="number">
                {move || read(|row| row.left_over.map_or_else(|| "–".to_owned(), |left| grouped(left.into())))}
            </td>
            <td>
                <bdi>{move || read(|row| row.who_name.clone())}</bdi>
            </td>
        </tr>
    }
}

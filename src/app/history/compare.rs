//! Two moments compared: what was added, removed, and changed from what to what.

use super::{
    actions::compare_past,
    model::{Comparison, Refusal},
    parts::{Difference, MomentForm, Problem},
    scope::Scope,
    stamp::Stamp,
};
use crate::app::query_map::use_query_map;
use crate::app::{inventory::grouped, response::set_status};
use leptos::prelude::*;

/// The page of a comparison.
#[component]
pub(super) fn ComparePage() -> impl IntoView {
    let query = use_query_map();
    let ends = Memo::new(move |_| {
        let end = |name: &str| query.with(|query| query.get_str(name).unwrap_or_default().to_owned());
        (end("at"), end("and"))
    });
    let product = Scope::of_page().product;
    let comparison = Resource::new_blocking(move || ends.get(), move |(at, and)| compare_past(at, and, product));
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Comparing…"</p> }
        }>
            {move || Suspend::new(async move {
                match comparison.await.unwrap_or(Err(Refusal::Unavailable)) {
                    Ok(comparison) => view! { <Compared comparison /> }.into_any(),
                    Err(refusal) => {
                        set_status(refusal.status());
                        view! { <Problem refusal /> }.into_any()
                    }
                }
            })}
        </Suspense>
    }
}

#[component]
fn Compared(comparison: Comparison) -> impl IntoView {
    let Comparison { from, to, changes, further, same } = comparison;
    let scope = Scope::of_page();
    let name = |end: Option<Stamp>| end.map_or_else(|| "now".to_owned(), |stamp| stamp.at.to_the_second());
    let link = move |end: Option<Stamp>| {
        let address = end.map_or_else(|| scope.present(), |stamp| scope.at(stamp));
        view! { <a href=address>{name(end)}</a> }
    };
    let of =
        |holds: fn(&super::model::Change) -> bool| changes.iter().filter(|one| holds(one)).cloned().collect::<Vec<_>>();
    let groups = [
        ("Added", of(|one| one.old.is_none())),
        ("Removed", of(|one| one.new.is_none())),
        ("Changed", of(|one| one.old.is_some() && one.new.is_some())),
    ];
    let summary = format!(
        "{} added, {} removed, {} changed, {} the same",
        grouped(groups[0].1.len() as i64),
        grouped(groups[1].1.len() as i64),
        grouped(groups[2].1.len() as i64),
        grouped(same as i64)
    );
    let nothing = changes.is_empty().then(|| view! { <p class="blank">"Nothing differs between these moments."</p> });
    let further = (further > 0).then(|| {
        view! { <p class="hint">{format!("and {} more products, which are not listed", grouped(further as i64))}</p> }
    });
    view! {
        <div class="heading">
            <h1>"The inventory, compared"</h1>
            <p class="count">{link(from)} " and " {link(to)}</p>
            <a class="button" href=from.or(to).map_or_else(|| scope.present(), |stamp| scope.at(stamp))>
                "Back to the history"
            </a>
        </div>
        <section class="travel" aria-label="Compare other moments">
            <div class="travel-forms">
                <MomentForm name="and" label="Compare with (UTC)" action="Compare" kept=Some(from) typed=to.or(from) />
            </div>
            <p role="status">{summary}</p>
        </section>
        {nothing}
        <div class="compared">
            {groups
                .into_iter()
                .filter(|(_, changes)| !changes.is_empty())
                .map(|(title, changes)| {
                    view! {
                        <section class="panel" aria-label=title>
                            <h2>{title} " " <span class="hint">{changes.len()}</span></h2>
                            <ul class="differences">
                                {changes.into_iter().map(|change| view! { <Difference change /> }).collect_view()}
                            </ul>
                        </section>
                    }
                })
                .collect_view()}
        </div>
        {further}
    }
}

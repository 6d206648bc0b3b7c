//! In what two versions of an order differ.

use super::Version;
use crate::orders::Order;
use leptos::prelude::*;
use std::sync::Arc;

/// Two versions beside each other.
#[component]
pub(super) fn Comparison(versions: StoredValue<Arc<[Version]>>, count: usize) -> impl IntoView {
    let ends = RwSignal::new((1, count));
    let choice = move |label: &'static str, of: fn(&mut (usize, usize)) -> &mut usize| {
        let options = (1..=count).map(move |version| {
            let state = versions.with_value(|versions| versions[version - 1].order.state).map(|state| state.label());
            let chosen = move || ends.with(|ends| *of(&mut ends.clone()) == version);
            view! {
                <option value=version.to_string() selected=chosen>
                    {format!("{version}: {}", state.unwrap_or_default())}
                </option>
            }
        });
        view! {
            <label>
                <span>{label}</span>
                <select on:change=move |change| {
                    if let Ok(version) = event_target_value(&change).parse::<usize>() {
                        ends.update(|ends| *of(ends) = version.clamp(1, count));
                    }
                }>{options.collect_view()}</select>
            </label>
        }
    };
    let changes = move || {
        let (from, to) = ends.get();
        versions.with_value(|versions| differences(Some(&versions[from - 1].order), &versions[to - 1].order))
    };
    (count > 1).then(|| {
        view! {
            <details class="order-compare scripted">
                <summary>"Compare two versions"</summary>
                <div class="moment-form">
                    {choice("From", |ends| &mut ends.0)} {choice("To", |ends| &mut ends.1)}
                </div>
                {move || {
                    let changes = changes();
                    if changes.is_empty() {
                        view! { <p class="hint">"Nothing differs between them."</p> }.into_any()
                    } else {
                        view! { <Changes changes /> }.into_any()
                    }
                }}
            </details>
        }
    })
}

/// What differs, with what it was and what it is.
#[component]
pub(super) fn Changes(changes: Vec<(&'static str, String, String)>) -> impl IntoView {
    view! {
        <dl class="order-changes">
            {changes
                .into_iter()
                .map(|(label, was, is)| {
                    let was = (!was.is_empty()).then(|| view! { <del>{was}</del> <span class="to">" → "</span> });
                    view! {
                        <div>
                            <dt>{label}</dt>
                            <dd>
                                {was}
                                <span>{if is.is_empty() { "none".to_owned() } else { is }}</span>
                            </dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
}

/// In what two versions differ: what it is called, what it was, what it is. Of the first version, what it began with.
pub(super) fn differences(before: Option<&Order>, after: &Order) -> Vec<(&'static str, String, String)> {
    let facts = |order: &Order| {
        [
            ("State", order.state.map(|state| state.label().to_owned()).unwrap_or_default()),
            ("Customer", order.customer_name.clone()),
            (
                "Products",
                order
                    .lines
                    .iter()
                    .map(|line| format!("{} × {}", line.quantity, line.name))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            ("Note", order.note.clone()),
            ("Carrier", order.carrier.clone().unwrap_or_default()),
            ("Tracking", order.tracking.clone().unwrap_or_default()),
        ]
    };
    let before = before.map_or_else(|| facts(&Order::default()), facts);
    let pairs = before.into_iter().zip(facts(after));
    pairs.filter(|((_, was), (_, is))| was != is).map(|((label, was), (_, is))| (label, was, is)).collect()
}

#[cfg(test)]
mod tests {
    use super::differences;
    use crate::orders::{Order, State};

    #[test]
    fn versions_differ_in_what_has_changed_and_the_first_in_all_that_it_has() {
        let placed = Order { state: Some(State::Placed), customer_name: "Cleo".to_owned(), ..Order::default() };
        let shipped = Order { state: Some(State::Shipped), carrier: Some("Post".to_owned()), ..placed.clone() };
        let labels =
            |before, after| differences(before, after).into_iter().map(|(label, ..)| label).collect::<Vec<_>>();
        assert_eq!(labels(None, &placed), ["State", "Customer"]);
        assert_eq!(
            differences(Some(&placed), &shipped),
            [("State", "Placed".to_owned(), "Shipped".to_owned()), ("Carrier", String::new(), "Post".to_owned())]
        );
        assert!(labels(Some(&shipped), &shipped).is_empty());
    }
}

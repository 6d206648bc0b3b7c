//! One event: who did what, when, and everything else that is known of it.

use super::{model::Event, search::Search};
use crate::app::{clock::use_clock, time::Timestamp};
use leptos::prelude::*;
use serde_json::Value;

/// How deep data is taken apart; what lies deeper is shown as it is written.
const DEPTH: usize = 4;

/// A line with its details.
#[component]
pub(super) fn Entry(event: Event) -> impl IntoView {
    let Event { seq, at, stream, version, kind, who, name, cause, correlation, data } = event;
    let of_stream = Search { stream: stream.clone(), ..Search::default() }.address();
    let of_kind = Search { kind: kind.clone(), ..Search::default() }.address();
    let person = match &who {
        Some(id) => {
            let address = Search { who: id.clone(), ..Search::default() }.address();
            view! {
                <a href=address>
                    <bdi>{name.clone()}</bdi>
                </a>
            }
            .into_any()
        }
        None if name.is_empty() => view! { <span class="hint">"The system"</span> }.into_any(),
        None => view! { <bdi>{name.clone()}</bdi> }.into_any(),
    };
    let facts = [
        ("Number", Some(seq.to_string())),
        ("Exact time", Some(at.exact())),
        ("Version", Some(version.to_string())),
        ("Person’s id", who),
        ("Caused by", cause),
        ("Belongs to", correlation),
    ];
    let facts = facts.into_iter().filter_map(|(label, value)| Some((label, value?)));
    let label = format!("Details of {kind} in {stream}");
    view! {
        <li class="event">
            <p class="event-head">
                <a class="event-kind" href=of_kind>
                    {kind}
                </a>
                <a class="event-stream" href=of_stream>
                    {stream}
                </a>
                <span class="event-who">{person}</span>
                <span class="event-time">
                    <EventTime at />
                </span>
            </p>
            <details>
                <summary aria-label=label>"Details"</summary>
                <div class="event-data">
                    {match serde_json::from_str::<Value>(&data) {
                        Ok(value) => data_of(&value, 0),
                        Err(_) => view! { <p class="hint">"Its data is too large to be shown here; an export has it."</p> }.into_any(),
                    }}
                    <dl class="facts">
                        {facts
                            .map(|(label, value)| {
                                view! {
                                    <div>
                                        <dt>{label}</dt>
                                        <dd>{value}</dd>
                                    </div>
                                }
                            })
                            .collect_view()}
                    </dl>
                </div>
            </details>
        </li>
    }
}

#[component]
fn EventTime(at: Timestamp) -> impl IntoView {
    let clock = use_clock();
    view! {
        <time datetime=at.iso() title=at.to_the_second()>
            {at.to_the_second()}
            <span class="hint">{move || clock.coarse().map(|now| format!(" ({})", at.relative(now)))}</span>
        </time>
    }
}

/// Data as people read it: names with their values.
fn data_of(value: &Value, depth: usize) -> AnyView {
    match value {
        Value::Object(fields) if depth < DEPTH && !fields.is_empty() => view! {
            <dl class="data">
                {fields
                    .iter()
                    .map(|(name, value)| {
                        view! {
                            <div>
                                <dt>{name.clone()}</dt>
                                <dd>{data_of(value, depth + 1)}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        }
        .into_any(),
        Value::Array(items) if depth < DEPTH && !items.is_empty() => view! {
            <ol class="data">{items.iter().map(|item| view! { <li>{data_of(item, depth + 1)}</li> }).collect_view()}</ol>
        }
        .into_any(),
        Value::Null => view! { <span class="hint">"none"</span> }.into_any(),
        Value::String(text) => view! { <bdi>{text.clone()}</bdi> }.into_any(),
        other => view! { <code>{other.to_string()}</code> }.into_any(),
    }
}

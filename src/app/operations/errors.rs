//! What servers warned of, the newest first.

use super::{desk::Desk, servers::short, words::count};
use crate::{
    app::{inventory::grouped, time::Timestamp, when::When},
    operations::report::ErrorLine,
};
use leptos::prelude::*;

/// Lines that are shown at once.
const SHOWN: usize = 100;

#[component]
pub(super) fn Errors(desk: Desk) -> impl IntoView {
    let lines = Memo::new(move |_| {
        let mut lines: Vec<(String, ErrorLine)> = desk.errors.with(|errors| {
            errors.iter().flat_map(|(node, lines)| lines.iter().map(|line| (node.clone(), line.clone()))).collect()
        });
        lines.sort_by_key(|(_, line)| std::cmp::Reverse(line.last));
        lines.truncate(SHOWN);
        lines
    });
    let several = Memo::new(move |_| desk.servers.with(|servers| servers.len() > 1));
    let told = move || {
        let errors = lines.with(|lines| lines.iter().filter(|(_, line)| line.is_error).count());
        let warnings = lines.with(Vec::len) - errors;
        format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
    };
    view! {
        <section class="panel" aria-label="Errors and warnings">
            <div class="operations-head">
                <h2>"Errors and warnings"</h2>
                <p class="hint">{told}</p>
            </div>
            {move || {
                lines
                    .with(Vec::is_empty)
                    .then(|| view! { <p class="hint operations-empty">"Nothing has gone wrong since the servers started."</p> })
            }}
            <ol class="log-lines" role="list">
                <For
                    each=move || lines.get()
                    key=|(node, line)| (node.clone(), line.is_error, line.target.clone(), line.message.clone(), line.count)
                    children=move |(node, line)| view! { <Line node line several /> }
                />
            </ol>
        </section>
    }
}

#[component]
fn Line(node: String, line: ErrorLine, several: Memo<bool>) -> impl IntoView {
    let ErrorLine { is_error, target, message, detail, count, first, last } = line;
    let time = |at: i64| Timestamp(at * 1_000);
    let (kind, words) = if is_error { ("bad", "Error") } else { ("warned", "Warning") };
    let often = (count > 1).then(|| {
        let title = format!("The first at {}", time(first).to_the_second());
        view! { <span class="often" title=title>{format!("{} times", grouped(i64::try_from(count).unwrap_or(i64::MAX)))}</span> }
    });
    let server = short(&node);
    view! {
        <li>
            <p class="log-head">
                <span class=kind>{words}</span>
                <When at=Signal::stored(Some(time(last))) />
                {often}
                <code>{target}</code>
                {move || several.get().then(|| view! { <span class="hint">{format!("at {server}")}</span> })}
            </p>
            <p class="log-message">{message}</p>
            {(!detail.is_empty()).then(|| view! { <p class="log-detail">{detail}</p> })}
        </li>
    }
}

//! Sessions: whose, from where, since when, what they ask about and how far they are behind; the slow ones first.

use super::{
    PAGE,
    ask::Ask,
    desk::{Desk, Key},
    servers::short,
    words::{bytes, count, duration},
};
use crate::{
    app::{query_map::use_query_map, time::Timestamp, when::When},
    operations::report::SessionLine,
    protocol::Role,
};
use leptos::{ev::MouseEvent, prelude::*};
use std::cmp::Reverse;

/// Parameters of the address: whose sessions, and whether only slow ones.
const WHO: &str = "who";
const SLOW: &str = "slow";
/// Tables that are named; of the others it is said how many they are.
const TABLES: usize = 6;

#[component]
pub(super) fn Sessions(desk: Desk, asked: RwSignal<Option<Ask>>) -> impl IntoView {
    let query = use_query_map();
    let (who, slow) = query.with_untracked(|query| {
        (query.get_str(WHO).unwrap_or_default().to_owned(), query.get_str(SLOW).is_some_and(|word| word == "1"))
    });
    let is_narrow = !who.is_empty() || slow;
    let (who, slow) = (RwSignal::new(who), RwSignal::new(slow));
    let keys = Memo::new(move |_| {
        let (who, slow) = (who.get().to_lowercase(), slow.get());
        desk.sessions.with(|sessions| {
            let mut found: Vec<_> = sessions
                .iter()
                .filter(|(_, line)| (!slow || line.slow) && matches(line, who.trim()))
                .map(|(key, line)| (order(line), key.clone()))
                .collect();
            found.sort();
            found.into_iter().map(|(_, key)| key).collect::<Vec<_>>()
        })
    });
    let told = move || {
        let (shown, listed) = (keys.with(Vec::len), desk.sessions.with(|sessions| sessions.len()));
        let all = desk.sum(|server| server.sessions);
        if shown == all {
            return count(all, "session");
        }
        let rest = if listed < all { "; of each server, those that are the furthest behind are listed" } else { "" };
        format!("{} of {}{rest}", shown, count(all, "session"))
    };
    let empty = move || {
        keys.with(Vec::is_empty).then(|| {
            let words = match (slow.get(), who.with(String::is_empty)) {
                (true, true) => "Nobody is slow: everybody takes what they are sent.",
                (false, true) => "Nobody is connected.",
                _ => "No session is like that.",
            };
            view! { <p class="hint operations-empty">{words}</p> }
        })
    };
    let several = Memo::new(move |_| desk.servers.with(|servers| servers.len() > 1));
    view! {
        <section class="panel" aria-label="Sessions">
            <div class="operations-head">
                <h2>"Sessions"</h2>
                <p class="hint">{told}</p>
                <form class="operations-filter" method="get" action=PAGE role="search" aria-label="Narrow the sessions">
                    <input
                        name=WHO
                        aria-label="Person or address"
                        placeholder="Person or address"
                        autocomplete="off"
                        maxlength="200"
                        value=who.get_untracked()
                        on:input=move |input| who.set(event_target_value(&input))
                    />
                    <label>
                        <input
                            type="checkbox"
                            name=SLOW
                            value="1"
                            checked=slow.get_untracked()
                            on:change=move |change| slow.set(event_target_checked(&change))
                        />
                        <span>"Slow readers only"</span>
                    </label>
                    <button class="button plain">"Show"</button>
                    {is_narrow.then(|| view! { <a class="button plain" href=PAGE>"All"</a> })}
                </form>
            </div>
            <table class="operations-sessions" role="table" aria-label="Sessions">
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col">"Who"</th>
                        <th role="columnheader" scope="col">"From"</th>
                        <th role="columnheader" scope="col">"Since"</th>
                        <th role="columnheader" scope="col">"Asks about"</th>
                        <th role="columnheader" scope="col" class="amount">"Rooms"</th>
                        <th role="columnheader" scope="col" class="amount">"Waiting"</th>
                        <th role="columnheader" scope="col" class="amount">"Behind"</th>
                        <th role="columnheader" scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    <For
                        each=move || keys.get()
                        key=Clone::clone
                        children=move |key| view! { <Session desk key several asked /> }
                    />
                </tbody>
            </table>
            {empty}
        </section>
    }
}

/// The slow ones first, those that have waited the longest before others; else those that came first, so that lines stay where they are.
fn order(line: &SessionLine) -> impl Ord + use<> {
    let waited = if line.slow { line.waited / 1_000 } else { 0 };
    (Reverse(line.slow), Reverse(line.lagging), Reverse(waited), line.since)
}

fn matches(line: &SessionLine, who: &str) -> bool {
    let origin = line.origin.as_deref().unwrap_or_default();
    who.is_empty() || called(line).to_lowercase().contains(who) || origin.contains(who)
}

/// Whose session it is, for people.
pub(super) fn called(line: &SessionLine) -> String {
    match (line.name.as_str(), line.person.as_deref()) {
        ("", Some(person)) => person.to_owned(),
        ("", None) => "Somebody".to_owned(),
        (name, _) => name.to_owned(),
    }
}

#[component]
fn Session(desk: Desk, key: Key, several: Memo<bool>, asked: RwSignal<Option<Ask>>) -> impl IntoView {
    let of = key.clone();
    // A line that goes shows what it was until it is gone.
    let line = Memo::new(move |before: Option<&Option<SessionLine>>| {
        let now = desk.sessions.with(|sessions| sessions.get(&of).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    let with = move |of: fn(&SessionLine) -> String| move || line.with(|line| line.as_ref().map(of));
    let since = Signal::derive(move || line.with(|line| line.as_ref().map(|line| Timestamp(line.since * 1_000))));
    let first = line.get_untracked();
    let server = short(&key.0);
    let actions = first.map(|line| view! { <Actions key line asked /> });
    let state = move || {
        line.with(|line| {
            let line = line.as_ref()?;
            let words = if line.lagging {
                "Starting over"
            } else if line.slow {
                "Slow"
            } else {
                return None;
            };
            Some(view! { <span class="badge-slow">{words}</span> })
        })
    };
    view! {
        <tr role="row">
            <td role="cell" class="who-cell">
                <bdi>{with(called)}</bdi>
                " "
                {state}
                <span class="hint">{with(|line| role(line.role).to_owned())}</span>
            </td>
            <td role="cell" data-label="From">
                {with(|line| line.origin.clone().unwrap_or_else(|| "–".to_owned()))}
                {move || several.get().then(|| view! { <span class="hint">{format!("at {server}")}</span> })}
            </td>
            <td role="cell" data-label="Since">
                <When at=since />
            </td>
            <td role="cell" data-label="Asks about" title=with(|line| named(line, usize::MAX))>
                {with(|line| named(line, TABLES))}
            </td>
            <td role="cell" class="amount" data-label="Rooms">{with(|line| line.rooms.to_string())}</td>
            <td role="cell" class="amount" data-label="Waiting">{with(waiting)}</td>
            <td role="cell" class="amount" data-label="Behind">{with(behind)}</td>
            <td role="cell" class="actions-cell">{actions}</td>
        </tr>
    }
}

#[component]
fn Actions(key: Key, line: SessionLine, asked: RwSignal<Option<Ask>>) -> impl IntoView {
    let name = called(&line);
    let account = line.person.as_deref().and_then(|person| person.parse::<i64>().ok());
    let aim = super::ask::Aim::of(&key, &line);
    let button = move |ask: Ask, words: &'static str, label: String| {
        let address = ask.address();
        let click = move |click: MouseEvent| {
            // Whoever wants it in a window of its own has it there.
            if !click.ctrl_key() && !click.meta_key() && !click.shift_key() {
                click.prevent_default();
                asked.set(Some(ask.clone()));
            }
        };
        view! {
            <a class="button small" href=address aria-label=label on:click=click>
                {words}
            </a>
        }
    };
    view! {
        <span class="row-actions">
            {button(Ask::Message(aim.clone()), "Message", format!("Message {name}"))}
            {button(Ask::Disconnect(aim.clone()), "Disconnect", format!("Disconnect {name}"))}
            {account.map(|_| button(Ask::SignOut(aim), "Sign out", format!("Sign out {name}")))}
        </span>
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Anonymous => "not signed in",
        Role::Customer => "customer",
        Role::Staff => "staff",
        Role::Admin => "administrator",
    }
}

fn named(line: &SessionLine, most: usize) -> String {
    let shown = line.subscriptions.iter().take(most).map(|(table, questions)| {
        let table = table.strip_prefix("public.").unwrap_or(table);
        if *questions == 1 { table.to_owned() } else { format!("{table} × {questions}") }
    });
    let mut words = shown.collect::<Vec<_>>().join(", ");
    match line.subscriptions.len().saturating_sub(most) {
        0 if words.is_empty() => "nothing".to_owned(),
        0 => words,
        more => {
            words.push_str(&format!(" and {more} more"));
            words
        }
    }
}

fn waiting(line: &SessionLine) -> String {
    if line.frames == 0 && line.bytes == 0 {
        return "–".to_owned();
    }
    format!("{}, {}", bytes(line.bytes as u64), count(line.frames, "frame"))
}

fn behind(line: &SessionLine) -> String {
    let now = if line.frames == 0 && line.bytes == 0 { "–".to_owned() } else { duration(line.waited) };
    match line.lags {
        0 => now,
        1 => format!("{now} (started over once)"),
        lags => format!("{now} (started over {lags} times)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, slow: bool, waited: u64, since: i64) -> SessionLine {
        SessionLine {
            id: 1,
            person: Some("7".to_owned()),
            name: name.to_owned(),
            role: Role::Customer,
            origin: Some("192.0.2.7".to_owned()),
            since,
            frames: 0,
            bytes: 0,
            waited,
            slow,
            lagging: false,
            lags: 0,
            subscriptions: Vec::new(),
            rooms: 0,
        }
    }

    #[test]
    fn the_slow_come_first_and_others_stay_where_they_are_whatever_waits_for_a_moment() {
        let mut lines = [
            line("late", false, 900, 30),
            line("stuck", true, 9_000, 20),
            line("early", false, 0, 10),
            line("slow", true, 1_500, 5),
        ];
        lines.sort_by_key(order);
        assert_eq!(lines.each_ref().map(|line| &*line.name), ["stuck", "slow", "early", "late"]);
    }

    #[test]
    fn sessions_are_found_by_name_and_address() {
        let ada = line("Ada Admin", false, 0, 0);
        assert!(["", "ada", "192.0.2"].iter().all(|who| matches(&ada, who)));
        assert!(!matches(&ada, "bob") && !matches(&ada, "192.0.3"));
    }

    #[test]
    fn what_a_session_asks_about_is_told_by_its_tables() {
        let about = |tables: &[(&str, usize)]| {
            let subscriptions = tables.iter().map(|(table, questions)| ((*table).to_owned(), *questions)).collect();
            named(&SessionLine { subscriptions, ..line("", false, 0, 0) }, 3)
        };
        assert_eq!(about(&[]), "nothing");
        assert_eq!(about(&[("public.orders", 2), ("shop.items", 1)]), "orders × 2, shop.items");
        assert_eq!(about(&[("a.a", 1), ("b.b", 1), ("c.c", 1), ("d.d", 1), ("e.e", 1)]), "a.a, b.b, c.c and 2 more");
    }
}

//! Names that are offered while somebody types after an `@`.

use super::{actions::nameable_people, conversation::Talk, face::Face};
use crate::chat::{Someone, mention};
use leptos::{ev, html, prelude::*, task::spawn_local};

/// Names that are offered at once.
const OFFERED: usize = 6;

/// The copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Naming {
    talk: Talk,
    input: NodeRef<html::Textarea>,
    /// Everybody who can be named; none until that was asked.
    all: RwSignal<Option<Vec<Someone>>>,
    asked: StoredValue<bool>,
    /// What is typed after the `@`.
    typed: RwSignal<Option<String>>,
    chosen: RwSignal<usize>,
}

impl Naming {
    pub(super) fn new(talk: Talk, input: NodeRef<html::Textarea>) -> Self {
        let (all, typed, chosen) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(0));
        Self { talk, input, all, asked: StoredValue::new(false), typed, chosen }
    }

    /// Looks at what is typed where the next letter goes.
    pub(super) fn look(self) {
        let found =
            self.text().and_then(|(text, cursor)| mention::typing(&text, cursor).map(|(_, typed)| typed.to_owned()));
        if self.typed.with_untracked(|typed| *typed != found) {
            self.chosen.set(0);
            self.typed.set(found.clone());
        }
        if found.is_some() && !self.asked.get_value() {
            self.asked.set_value(true);
            spawn_local(async move {
                match nameable_people(self.talk.id).await {
                    Ok(Ok(people)) => drop(self.all.try_set(Some(people))),
                    // Asked again with the next letter.
                    _ => drop(self.asked.try_update_value(|asked| *asked = false)),
                }
            });
        }
    }

    pub(super) fn close(self) {
        self.typed.set(None);
    }

    /// The text, and where the next letter goes, in bytes.
    fn text(self) -> Option<(String, usize)> {
        let input = self.input.get_untracked()?;
        let text = input.value();
        let units = input.selection_start().ok().flatten()? as usize;
        let cursor = bytes_of(&text, units);
        Some((text, cursor))
    }

    /// Tracked.
    fn offered(self) -> Vec<Someone> {
        let Some(typed) = self.typed.get() else { return Vec::new() };
        let typed = typed.to_lowercase();
        let fits = |name: &str| {
            let name = name.to_lowercase();
            name.starts_with(&typed) || name.split_whitespace().any(|word| word.starts_with(&typed))
        };
        let fit = |all: &Vec<Someone>| all.iter().filter(|one| fits(&one.name)).take(OFFERED).cloned().collect();
        self.all.with(|all| all.as_ref().map(fit)).unwrap_or_default()
    }

    /// What the name that is chosen is called in the page. Tracked.
    pub(super) fn active(self) -> Option<String> {
        let offered = self.offered();
        offered.get(self.chosen.get()).map(|one| element(one.id))
    }

    /// Whether a key was for the names.
    pub(super) fn pressed(self, key: &ev::KeyboardEvent) -> bool {
        let offered = untrack(|| self.offered());
        if offered.is_empty() || key.is_composing() {
            return false;
        }
        let chosen = self.chosen.get_untracked().min(offered.len() - 1);
        match &*key.key() {
            "ArrowDown" => self.chosen.set((chosen + 1) % offered.len()),
            "ArrowUp" => self.chosen.set((chosen + offered.len() - 1) % offered.len()),
            "Enter" | "Tab" if !key.shift_key() => self.take(&offered[chosen]),
            "Escape" => self.close(),
            _ => return false,
        }
        key.prevent_default();
        true
    }

    /// Writes a name where it is being typed.
    fn take(self, one: &Someone) {
        let (Some((text, cursor)), Some(input)) = (self.text(), self.input.get_untracked()) else { return };
        let Some((at, _)) = mention::typing(&text, cursor) else { return };
        let before = format!("{}@{} ", &text[..at], one.name);
        let place = before.encode_utf16().count() as u32;
        input.set_value(&format!("{before}{}", text[cursor..].trim_start_matches(' ')));
        let _ = input.focus();
        let _ = input.set_selection_range(place, place);
        self.close();
    }
}

fn element(account: i64) -> String {
    format!("chat-names-{account}")
}

/// Browsers count in units of UTF-16.
fn bytes_of(text: &str, units: usize) -> usize {
    let mut passed = 0;
    for (at, sign) in text.char_indices() {
        if passed >= units {
            return at;
        }
        passed += sign.len_utf16();
    }
    text.len()
}

#[component]
pub(super) fn Names(names: Naming) -> impl IntoView {
    let offered = Memo::new(move |_| names.offered());
    let one = move |(place, one): (usize, Someone)| {
        let taken = one.clone();
        // Before the field loses the focus.
        let take = move |event: ev::PointerEvent| {
            event.prevent_default();
            names.take(&taken);
        };
        view! {
            <li
                id=element(one.id)
                role="option"
                aria-selected=move || (names.chosen.get() == place).to_string()
                on:pointerdown=take
            >
                <Face account=Some(one.id) name=one.name.clone() />
                <bdi>{one.name}</bdi>
            </li>
        }
    };
    view! {
        <ul
            id="chat-names"
            class="chat-names"
            role="listbox"
            aria-label="People"
            hidden=move || offered.with(Vec::is_empty)
        >
            {move || offered.get().into_iter().enumerate().map(one).collect_view()}
        </ul>
    }
}

#[cfg(test)]
mod tests {
    use super::bytes_of;

    #[test]
    fn places_are_found_whatever_the_letters_are() {
        let text = "a😀é@";
        assert_eq!([0, 1, 3, 4, 5, 99].map(|units| bytes_of(text, units)), [0, 1, 5, 7, 8, 8]);
    }
}

//! Faces: two letters on a tint for a person, a sign for a room.

use leptos::prelude::*;

/// Tints, as the style sheet has them.
const TINTS: i64 = 6;

/// The face of a person. `account`: whose, so that it is the same everywhere.
#[component]
pub(super) fn Face(account: Option<i64>, name: String) -> impl IntoView {
    let tint = account.map_or(0, |account| account.rem_euclid(TINTS));
    view! {
        <span class=format!("chat-face tint-{tint}") aria-hidden="true">
            {initials(&name)}
        </span>
    }
}

/// The face of a room.
#[component]
pub(super) fn RoomFace() -> impl IntoView {
    view! {
        <span class="chat-face of-room" aria-hidden="true">
            "#"
        </span>
    }
}

fn initials(name: &str) -> String {
    let words = name.split_whitespace().filter_map(|word| word.chars().find(|sign| sign.is_alphanumeric()));
    let letters: Vec<char> = words.flat_map(char::to_uppercase).collect();
    match letters.as_slice() {
        [] => "?".to_owned(),
        [first] => first.to_string(),
        [first, .., last] => format!("{first}{last}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_face_is_two_letters_at_most() {
        assert_eq!(["Ada Lovelace", "Cher", " ", "a b c"].map(super::initials), ["AL", "C", "?", "AC"]);
    }
}

//! Who else looks at the same: faces beside the heading, names for whoever wants to know.
//!
//! Nothing is announced: who comes and goes is no news to those who listen to the page. The button says how many there are,
//! and whoever presses, focuses or points at it is shown their names.

use crate::{
    identity::visitor::use_visitor,
    store::{LiveRoom, Occupant, RoomStatus},
};
use leptos::{ev, prelude::*};

/// Faces that are shown; whoever is beyond is a number.
const FACES: usize = 4;
/// Names that are listed.
const NAMES: usize = 20;
/// Tints of faces, as the style sheet has them.
const TINTS: u32 = 6;

/// A person, however many pages of theirs are open. Of those without an account each page is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Face {
    pub(in crate::app) key: String,
    name: String,
    pub(in crate::app) is_own: bool,
}

impl Face {
    /// Two letters at most.
    pub(in crate::app) fn initials(&self) -> String {
        let words = self.name.split_whitespace().filter_map(|word| word.chars().find(|sign| sign.is_alphanumeric()));
        let letters: Vec<char> = words.flat_map(char::to_uppercase).collect();
        match letters.as_slice() {
            [] => "?".to_owned(),
            [first] => first.to_string(),
            [first, .., last] => format!("{first}{last}"),
        }
    }

    /// The same for the same person, on every page.
    pub(in crate::app) fn tint(&self) -> u32 {
        self.key.bytes().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % TINTS
    }

    /// For people.
    pub(in crate::app) fn called(&self) -> String {
        match (self.name.is_empty(), self.is_own) {
            (true, true) => "You".to_owned(),
            (true, false) => "Somebody".to_owned(),
            (false, true) => format!("{} (you)", self.name),
            (false, false) => self.name.clone(),
        }
    }
}

/// Those who are there, whoever looks first, the others by name.
pub(in crate::app) fn faces(occupants: &[Occupant], own_session: &str, own_id: Option<&str>) -> Vec<Face> {
    let mut faces: Vec<Face> = Vec::new();
    for one in occupants {
        let is_own = one.session == own_session || one.user.is_some() && one.user.as_deref() == own_id;
        let key = one.user.clone().unwrap_or_else(|| one.session.clone());
        if !faces.iter().any(|face| face.key == key) {
            faces.push(Face { key, name: one.name.clone(), is_own });
        }
    }
    faces.sort_by(|a, b| (!a.is_own, &a.name, &a.key).cmp(&(!b.is_own, &b.name, &b.key)));
    faces
}

fn count(people: usize) -> String {
    match people {
        1 => "Only you here".to_owned(),
        people => format!("{people} people here"),
    }
}

/// In the heading of a page that is in a room. Its place is kept while nobody is known, so that nothing moves.
#[component]
pub(super) fn Company(room: LiveRoom) -> impl IntoView {
    let own_id = use_visitor().person.id;
    let people = Memo::new(move |_| faces(&room.members(), &room.own_session(), own_id.as_deref()));
    let known = Memo::new(move |_| people.with(|people| people.iter().any(|face| face.is_own)));
    let away = Memo::new(move |_| known.get() && !matches!(room.status(), RoomStatus::Joined));
    let shown = RwSignal::new(false);
    let escape = move |key: ev::KeyboardEvent| {
        if key.key() == "Escape" {
            shown.set(false);
        }
    };
    let words = move || people.with(|people| count(people.len()));
    let inside = move || {
        known.get().then(|| {
            view! {
                <button
                    type="button"
                    class="company-button"
                    aria-controls="company-names"
                    aria-expanded=move || shown.get().to_string()
                    on:click=move |_| shown.set(true)
                    on:focus=move |_| shown.set(true)
                    on:blur=move |_| shown.set(false)
                >
                    <Faces people />
                    <span class="company-count">{words}</span>
                </button>
                <ul id="company-names" class="company-names" role="list" hidden=move || !shown.get()>
                    <Names people />
                </ul>
            }
        })
    };
    view! {
        <div
            class="company scripted"
            class:away=away
            on:mouseenter=move |_| shown.set(true)
            on:mouseleave=move |_| shown.set(false)
            on:keydown=escape
        >
            {inside}
        </div>
    }
}

#[component]
fn Faces(people: Memo<Vec<Face>>) -> impl IntoView {
    let more = move || {
        let more = people.with(Vec::len).saturating_sub(FACES);
        (more > 0).then(|| view! { <span class="face more">{format!("+{more}")}</span> })
    };
    view! {
        <span class="faces" aria-hidden="true">
            <For
                each=move || people.get().into_iter().take(FACES)
                key=|face| (face.key.clone(), face.name.clone())
                children=|face| view! { <span class=format!("face tint-{}", face.tint())>{face.initials()}</span> }
            />
            {more}
        </span>
    }
}

#[component]
fn Names(people: Memo<Vec<Face>>) -> impl IntoView {
    let more = move || {
        let more = people.with(Vec::len).saturating_sub(NAMES);
        (more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })
    };
    view! {
        <For
            each=move || people.get().into_iter().take(NAMES)
            key=|face| (face.key.clone(), face.called())
            children=|face| {
                view! {
                    <li>
                        <bdi>{face.called()}</bdi>
                    </li>
                }
            }
        />
        {more}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn page(session: &str, user: Option<&str>, name: &str) -> Occupant {
        let (session, user) = (session.to_owned(), user.map(str::to_owned));
        Occupant { session, user, name: name.to_owned(), state: Value::Null }
    }

    #[test]
    fn a_person_with_several_pages_is_one_and_whoever_looks_comes_first() {
        let pages = [
            page("a", Some("2"), "Sam Staff"),
            page("b", Some("1"), "Ada Admin"),
            page("c", Some("2"), "Sam Staff"),
            page("d", None, ""),
            page("e", None, ""),
        ];
        let called =
            |own: &str, id: Option<&str>| -> Vec<String> { faces(&pages, own, id).iter().map(Face::called).collect() };
        assert_eq!(called("c", Some("2")), ["Sam Staff (you)", "Somebody", "Somebody", "Ada Admin"]);
        assert_eq!(called("d", None), ["You", "Somebody", "Ada Admin", "Sam Staff"]);
        assert_eq!([count(1), count(4)], ["Only you here", "4 people here"]);
    }

    #[test]
    fn faces_are_two_letters_at_most_of_any_script() {
        let of = |name: &str| Face { key: "1".to_owned(), name: name.to_owned(), is_own: false }.initials();
        let names = ["Ada Lovelace", "Cher", "", "  ", "Ana María de la Cruz", "élodie", "李 小龍", "(x) [y]", "ß"];
        assert_eq!(names.map(of), ["AL", "C", "?", "?", "AC", "É", "李小", "XY", "SS"]);
    }

    #[test]
    fn a_person_has_the_same_tint_everywhere() {
        let tint = |key: &str| Face { key: key.to_owned(), name: String::new(), is_own: false }.tint();
        assert_eq!(tint("5"), tint("5"));
        assert!((0..40).map(|id| tint(&id.to_string())).collect::<std::collections::BTreeSet<_>>().len() == 6);
    }
}

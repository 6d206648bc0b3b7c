//! Who else is at this product, and which fields they are changing.

use crate::{
    app::company::{Face, faces},
    identity::visitor::use_visitor,
    store::{LiveRoom, Occupant, use_room},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The rooms of all products, as a rule has them.
pub const ROOMS: &str = "product:*";

/// What each page tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Columns in which something was typed that is not saved.
    editing: Vec<String>,
}

/// Shared by the parts of the page. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Company {
    room: LiveRoom,
    /// Somebody else, and the columns that they are changing.
    others: Memo<Vec<(Face, Vec<String>)>>,
}

impl Company {
    /// In the room of this product. `editing` are the columns that this page is about to change.
    pub(super) fn new(id: i64, editing: Memo<Vec<String>>) -> Self {
        let room = use_room(format!("product:{id}"), State::default());
        let own_id = use_visitor().person.id;
        let others = Memo::new(move |_| others(&room.members(), &room.own_session(), own_id.as_deref()));
        Effect::new(move |told: Option<Vec<String>>| {
            let editing = editing.get();
            if told.unwrap_or_default() != editing {
                room.set_state(State { editing: editing.clone() });
            }
            editing
        });
        Self { room, others }
    }

    /// Who else is changing a column, by name. Tracked.
    pub(super) fn editing(self, column: &str) -> Option<String> {
        let names: Vec<String> = self.others.with(|others| {
            let at_it = others.iter().filter(|(_, columns)| columns.iter().any(|other| other == column));
            at_it.map(|(face, _)| face.called()).collect()
        });
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// The pages of one person are one.
fn others(members: &[Occupant], own_session: &str, own_id: Option<&str>) -> Vec<(Face, Vec<String>)> {
    let faces = faces(members, own_session, own_id).into_iter().filter(|face| !face.is_own);
    let with_columns = faces.map(|face| {
        let own = members.iter().filter(|one| one.user.as_ref().unwrap_or(&one.session) == &face.key);
        let states = own.filter_map(|one| State::deserialize(&one.state).ok());
        let mut columns: Vec<String> = states.flat_map(|state| state.editing).collect();
        columns.sort();
        columns.dedup();
        (face, columns)
    });
    with_columns.collect()
}

/// In the heading: nothing while nobody else is there.
#[component]
pub(super) fn AlsoHere(company: Company) -> impl IntoView {
    let others = company.others;
    let people = move || {
        others
            .get()
            .into_iter()
            .map(|(face, columns)| {
                let does = if columns.is_empty() { "" } else { " is editing" };
                view! {
                    <li>
                        <span class=format!("face tint-{}", face.tint()) aria-hidden="true">
                            {face.initials()}
                        </span>
                        <bdi>{face.called()}</bdi>
                        {does}
                    </li>
                }
            })
            .collect_view()
    };
    let _ = company.room;
    view! {
        <div class="also-here" role="status" class:nobody=move || others.with(Vec::is_empty)>
            {move || {
                (!others.with(Vec::is_empty))
                    .then(|| {
                        view! {
                            <span class="soft">"Also here:"</span>
                            <ul role="list">{people}</ul>
                        }
                    })
            }}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_all_pages_of_a_person_are_changing_is_told_once_and_nonsense_is_nothing() {
        let page = |session: &str, user: &str, state: serde_json::Value| Occupant {
            session: session.to_owned(),
            user: Some(user.to_owned()),
            name: user.to_owned(),
            state,
        };
        let members = [
            page("a", "me", json!({"editing": ["name"]})),
            page("b", "ana", json!({"editing": ["price", "name"]})),
            page("c", "ana", json!({"editing": ["name"]})),
            page("d", "sam", json!({"editing": 7})),
            page("e", "sam", json!(null)),
        ];
        let found = others(&members, "a", Some("me"));
        let found: Vec<_> = found.iter().map(|(face, columns)| (face.called(), columns.join(","))).collect();
        assert_eq!(found, [("ana".to_owned(), "name,price".to_owned()), ("sam".to_owned(), String::new())]);
    }
}

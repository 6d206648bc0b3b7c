//! A field that is edited. It shows what the row says until something is typed into it; then what was typed, and, if the row changes
//! meanwhile, what somebody else made of it.

use super::{company::Company, fields};
use crate::{
    app::inventory::{
        Product,
        validate::{Field, Problem},
    },
    store::RowSignal,
};
use leptos::{ev, prelude::*};

/// What was typed and is not saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    /// As typed.
    pub(super) typed: String,
    /// What the person saw in the field when they began, or when they last said that theirs is to be kept.
    pub(super) seen: String,
    /// What is wrong with it.
    pub(super) problem: Option<Problem>,
}

/// A field of the form, and its draft. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Editable {
    pub(super) field: Field,
    row: RowSignal<Product>,
    pub(super) draft: RwSignal<Option<Draft>>,
}

impl Editable {
    pub(super) fn new(field: Field, row: RowSignal<Product>, draft: Option<Draft>) -> Self {
        Self { field, row, draft: RwSignal::new(draft) }
    }

    /// What the row says. Tracked.
    pub(super) fn current(self) -> String {
        self.row.with(|row| fields::value(row, self.field)).unwrap_or_default()
    }

    /// What the field shows. Tracked.
    pub(super) fn shown(self) -> String {
        self.draft.get().map_or_else(|| self.current(), |draft| draft.typed)
    }

    /// What whoever looks at it has seen in it. Tracked.
    pub(super) fn seen(self) -> String {
        self.draft.get().map_or_else(|| self.current(), |draft| draft.seen)
    }

    /// What somebody else has made of it, if that is neither what was there before nor what was typed. Tracked.
    pub(super) fn theirs(self) -> Option<String> {
        let draft = self.draft.get()?;
        let current = self.current();
        let is_the_same = fields::checked(self.field, &draft.typed).is_ok_and(|mine| mine == current);
        (current != draft.seen && !is_the_same).then_some(current)
    }

    /// Something is typed.
    pub(super) fn type_in(self, typed: String) {
        let seen = untrack(|| self.seen());
        let is_as_before = typed == seen && untrack(|| self.current()) == seen;
        self.draft.set((!is_as_before).then_some(Draft { typed, seen, problem: None }));
    }

    /// Whatever was typed is forgotten.
    pub(super) fn discard(self) {
        self.draft.set(None);
    }

    /// What was typed is to replace what somebody else has made of it.
    pub(super) fn keep_mine(self) {
        let current = untrack(|| self.current());
        self.draft.update(|draft| {
            if let Some(draft) = draft {
                draft.seen = current;
            }
        });
    }
}

/// With its label; below it what is wrong, and what others do.
#[component]
pub(super) fn EditField(editable: Editable, company: Company) -> impl IntoView {
    let Editable { field, draft, .. } = editable;
    let id = format!("edit-{}", field.column());
    let note_id = format!("{id}-note");
    let numeric = match field {
        Field::ReorderLevel => Some("numeric"),
        Field::Price => Some("decimal"),
        _ => None,
    };
    let label = if field == Field::Price { "Price, €" } else { field.label() };
    let problem = Memo::new(move |_| draft.with(|draft| draft.as_ref().and_then(|draft| draft.problem)));
    let theirs = Memo::new(move |_| editable.theirs());
    let others = Memo::new(move |_| company.editing(field.column()));
    let escape = move |key: ev::KeyboardEvent| {
        if key.key() == "Escape" {
            editable.discard();
        }
    };
    let conflict = move || {
        theirs.get().map(|theirs| {
            view! {
                <div class="conflict" role="alert">
                    <p>
                        "Changed meanwhile to “" <bdi>{theirs}</bdi> "”."
                    </p>
                    <button type="button" class="button small" on:click=move |_| editable.discard()>
                        "Take that"
                    </button>
                    <button type="button" class="button small" on:click=move |_| editable.keep_mine()>
                        "Keep mine"
                    </button>
                </div>
            }
        })
    };
    view! {
        <div
            class=format!("field field-{}", field.column())
            class:draft=move || draft.with(Option::is_some)
            class:conflicting=move || theirs.with(Option::is_some)
        >
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=format!("typed[{}]", field.column())
                inputmode=numeric
                autocomplete="off"
                aria-invalid=move || problem.get().is_some().then_some("true")
                aria-describedby=note_id.clone()
                value=untrack(|| editable.shown())
                prop:value=move || editable.shown()
                on:input=move |input| editable.type_in(event_target_value(&input))
                on:keydown=escape
            />
            <input type="hidden" name=format!("seen[{}]", field.column()) value=move || editable.seen() />
            <div id=note_id>
                <p class="problem">{move || problem.get().map(|problem| problem.message(field))}</p>
                <p class="others">
                    {move || {
                        others
                            .get()
                            .map(|who| {
                                view! {
                                    <bdi>{who}</bdi>
                                    " is editing this"
                                }
                            })
                    }}
                </p>
            </div>
            {conflict}
        </div>
    }
}

//! The form of a product's fields. One that works as one; with JavaScript it shows what is typed at once to whoever typed it, and tells
//! the others who is at it.

use super::{
    actions::{Answer, EditProduct, edit_product},
    company::{AlsoHere, Company},
    field::{Draft, EditField, Editable},
    fields::{self, FIELDS},
    refusal::{Notice, Refusal},
};
use crate::{
    app::{
        focus::focus_soon,
        inventory::{
            Product, ProductKey,
            refusal::Unconfirmed,
            validate::{self, Field, Typed},
        },
        toast::{Messages, use_messages},
    },
    store::{Live, LiveQuery, RowSignal},
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};

/// The form, shared by what happens in it. Copies are the same.
#[derive(Clone, Copy)]
struct Editing {
    id: i64,
    product: LiveQuery<Product>,
    fields: StoredValue<[Editable; FIELDS.len()]>,
    sending: RwSignal<bool>,
    messages: Messages,
}

/// The fields of a product, for those who may change them.
#[component]
pub(super) fn EditForm(
    product: LiveQuery<Product>,
    row: RowSignal<Product>,
    id: i64,
    notice: Option<Notice>,
) -> impl IntoView {
    let refused = notice.and_then(|notice| match notice {
        Notice::EditRefused(forms, refusal) => Some((*forms, refusal)),
        _ => None,
    });
    let fields =
        FIELDS.map(|field| Editable::new(field, row, refused.as_ref().and_then(|refused| drafted(field, refused))));
    let editing = Editing {
        id,
        product,
        fields: StoredValue::new(fields),
        sending: RwSignal::new(false),
        messages: use_messages(),
    };
    let columns = Memo::new(move |_| {
        let drafted = fields.iter().filter(|editable| editable.draft.with(Option::is_some));
        drafted.map(|editable| editable.field.column().to_owned()).collect::<Vec<_>>()
    });
    let company = Company::new(id, columns);
    let is_changed = move || columns.with(|columns| !columns.is_empty());
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        editing.save();
    };
    view! {
        <AlsoHere company />
        <form class="edit-form" method="post" action=EditProduct::PATH aria-label="Edit the product" novalidate on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <div class="fields">
                {fields.map(|editable| view! { <EditField editable company /> }).collect_view()}
            </div>
            <div class="sheet-end" class:idle=move || !is_changed()>
                <button
                    type="button"
                    class="button scripted"
                    on:click=move |_| fields.into_iter().for_each(Editable::discard)
                >
                    "Discard"
                </button>
                <button class="button primary" aria-disabled=move || editing.sending.get().to_string()>
                    "Save"
                </button>
            </div>
        </form>
    }
}

/// What was typed into a field of a form that was refused without JavaScript.
fn drafted(field: Field, ((typed, seen), refusal): &((Typed, Typed), Refusal)) -> Option<Draft> {
    let problem = match refusal {
        Refusal::Common(refusal) => refusal.about(field),
        _ => None,
    };
    let (typed, seen) = (typed.get(field).to_owned(), seen.get(field).to_owned());
    (typed != seen).then_some(Draft { typed, seen, problem })
}

impl Editing {
    /// What the form says, and what whoever filled it in has seen. Tracked.
    fn forms(self) -> (Typed, Typed) {
        let (mut typed, mut seen) = (Typed::default(), Typed::default());
        for editable in self.fields.get_value() {
            typed.set(editable.field, editable.shown());
            seen.set(editable.field, editable.seen());
        }
        (typed, seen)
    }

    fn save(self) {
        let editables = self.fields.get_value();
        let is_changed = editables.iter().any(|editable| editable.draft.with_untracked(Option::is_some));
        if self.sending.get_untracked() || !is_changed || !self.is_well_typed() {
            return;
        }
        if let Some(editable) = editables.iter().find(|editable| untrack(|| editable.theirs()).is_some()) {
            let field = editable.field;
            self.messages.refused(format!("{} was changed meanwhile. Take that, or keep yours.", field.label()));
            focus(field);
            return;
        }
        let (typed, seen) = untrack(|| self.forms());
        // The way back is there after the page is left, and the query is not.
        let live = untrack(|| self.product.live());
        self.sending.set(true);
        spawn_local(async move {
            let answer = self.send(&live, typed.clone(), seen.clone()).await;
            self.sending.try_set(false);
            match answer {
                Ok(()) => {
                    for editable in editables {
                        let is_saved = editable.draft.try_with_untracked(|draft| {
                            draft.as_ref().is_some_and(|draft| draft.typed == typed.get(editable.field))
                        });
                        if is_saved == Some(true) {
                            editable.discard();
                        }
                    }
                    let undo = move || self.undo(live.clone(), typed.clone(), seen.clone());
                    self.messages.undoable("The product was changed", undo);
                }
                Err(Unconfirmed { was_not, reason }) => {
                    self.messages.refused(format!("The product {was_not} changed. {reason}."));
                }
            }
        });
    }

    /// Shown at once, and taken back if the server refuses.
    async fn send(self, live: &Live<Product>, typed: Typed, seen: Typed) -> Result<(), Unconfirmed> {
        let (mine, before) = (typed.clone(), seen.clone());
        let edit = live.edit(ProductKey { id: self.id }, move |row| {
            let changed = FIELDS.into_iter().filter(|field| mine.get(*field) != before.get(*field));
            changed.for_each(|field| put(row, field, mine.get(field)));
        });
        let answer: Result<Answer, ServerFnError> = edit_product(self.id, typed, seen).await;
        match answer {
            Ok(Ok(committed)) => {
                edit.confirm(committed.transaction);
                Ok(())
            }
            Ok(Err(refusal)) => {
                if let Refusal::Common(common) = &refusal {
                    self.point_out(|field| common.about(field));
                    if !common.problems().is_empty() {
                        return Err(Unconfirmed { was_not: "was not", reason: common.message() });
                    }
                    return Err(Unconfirmed::refused(common));
                }
                Err(Unconfirmed { was_not: "was not", reason: refusal.message() })
            }
            Err(error) => Err(Unconfirmed::failed(&error)),
        }
    }

    /// What was saved becomes again what it was before, unless somebody has changed it since.
    fn undo(self, live: Live<Product>, saved: Typed, before: Typed) {
        spawn_local(async move {
            match self.send(&live, before, saved).await {
                Ok(()) => self.messages.done("Undone"),
                Err(Unconfirmed { was_not, reason }) => {
                    self.messages.refused(format!("That {was_not} undone. {reason}."));
                }
            }
        });
    }

    fn is_well_typed(self) -> bool {
        let mut first = None;
        for editable in self.fields.get_value() {
            let typed = editable.draft.with_untracked(|draft| draft.as_ref().map(|draft| draft.typed.clone()));
            if let Some(Err(_)) = typed.as_ref().map(|typed| fields::checked(editable.field, typed)) {
                first = first.or(Some(editable.field));
            }
        }
        self.point_out(|field| {
            let typed = untrack(|| self.fields.get_value().into_iter().find(|one| one.field == field)?.draft.get());
            typed.and_then(|draft| fields::checked(field, &draft.typed).err())
        });
        first.into_iter().for_each(focus);
        first.is_none()
    }

    /// Nothing, if the form is gone.
    fn point_out(self, problem: impl Fn(Field) -> Option<validate::Problem>) {
        for editable in self.fields.try_get_value().into_iter().flatten() {
            let found = problem(editable.field);
            editable.draft.try_update(|draft| {
                if let Some(draft) = draft {
                    draft.problem = found;
                }
            });
        }
    }
}

/// Puts a checked value into a row.
fn put(row: &mut Product, field: Field, typed: &str) {
    let Ok(value) = fields::checked(field, typed) else { return };
    match field {
        Field::Sku => row.sku = value,
        Field::Name => row.name = value,
        Field::Category => row.category = value,
        Field::Location => row.location = value,
        Field::Quantity => row.quantity = value.parse().unwrap_or(row.quantity),
        Field::ReorderLevel => row.reorder_level = value.parse().unwrap_or(row.reorder_level),
        Field::Price => row.price = validate::price(&value).unwrap_or(row.price),
    }
}

fn focus(field: Field) {
    focus_soon(vec![format!("edit-{}", field.column())]);
}

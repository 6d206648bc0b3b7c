//! Deleting: at once and with a way back where there is JavaScript, after a question where there is none.

use super::{
    actions::{DeleteProduct, delete_product, restore_product},
    product::{Product, ProductKey},
    refusal::Unconfirmed,
    row::RowView,
    sheet::Sheet,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{
        icons::Icon,
        toast::{Messages, use_messages},
    },
    store::Live,
};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

/// The parameter of the address that asks the question.
const PARAMETER: &str = "delete";

/// At the end of a row. `leaving` dims the row while it is being deleted.
#[component]
pub(super) fn DeleteLink(id: i64, row: RowView, leaving: RwSignal<bool>) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let messages = use_messages();
    let question = sheet.listing.with_untracked(|listing| listing.address_with(&[(PARAMETER, &id.to_string())]));
    let delete = move |click: ev::MouseEvent| {
        click.prevent_default();
        let Some(product) = untrack(|| row.product()).filter(|_| !leaving.get_untracked()) else { return };
        leaving.set(true);
        let next = sheet.neighbour(id, 1).or_else(|| sheet.neighbour(id, -1));
        let sheet = sheet.clone();
        spawn_local(async move {
            let Unconfirmed { was_not, reason } = match delete_product(id, String::new()).await {
                Ok(Ok(_)) => {
                    next.into_iter().for_each(|next| sheet.focus("delete", next));
                    let name = product.name.clone();
                    let live = sheet.live.clone();
                    messages
                        .undoable(format!("Deleted “{name}”"), move || restore(&live, product.clone(), messages));
                    return;
                }
                Ok(Err(refusal)) => Unconfirmed::refused(&refusal),
                Err(error) => Unconfirmed::failed(&error),
            };
            leaving.try_set(false);
            messages.refused(format!("“{}” {was_not} deleted. {reason}.", product.name));
        });
    };
    view! {
        <a
            id=format!("delete-{id}")
            class="icon-button"
            href=question
            aria-label=move || row.read(|row| format!("Delete {}", row.name))
            title="Delete"
            on:click=delete
        >
            <Icon name="trash" />
        </a>
    }
}

/// The row is back at once, and leaves again if the server refuses.
fn restore(live: &Live<Product>, product: Product, messages: Messages) {
    let edit = live.insert(product.clone());
    spawn_local(async move {
        let name = product.name.clone();
        let tell =
            |Unconfirmed { was_not, reason }| messages.refused(format!("“{name}” {was_not} restored. {reason}."));
        match restore_product(product).await {
            Ok(Ok(committed)) => {
                edit.confirm(committed.transaction);
                messages.done(format!("“{name}” is back"));
            }
            Ok(Err(refusal)) => tell(Unconfirmed::refused(&refusal)),
            Err(error) => tell(Unconfirmed::failed(&error)),
        }
    });
}

/// The question, for addresses that ask it. Plain forms and links only.
#[component]
pub(super) fn ConfirmDeletion() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| query.get_str(PARAMETER)?.parse::<i64>().ok()));
    move || {
        let id = asked.get()?;
        sheet.frame.track();
        let address = sheet.listing.with(|listing| listing.address());
        let Some(row) = sheet.live.row(&ProductKey { id }) else {
            return Some(
                view! {
                    <div class="notice" role="status">
                        <p>"This product is not there any more."</p>
                        <a class="button" href=address>
                            "Back to the list"
                        </a>
                    </div>
                }
                .into_any(),
            );
        };
        let (name, sku) = row.with(|row| (row.name.clone(), row.sku.clone()));
        let keep = address.clone();
        let question = view! {
            <form class="notice question" method="post" action=DeleteProduct::PATH aria-label="Delete a product">
                <p>
                    "Delete “" <bdi>{name}</bdi> "” (" <bdi>{sku}</bdi> ")? It will be gone for everybody."
                </p>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="back" value=address />
                <button class="button danger">"Delete"</button>
                <a class="button" href=keep>
                    "Keep it"
                </a>
            </form>
        };
        Some(question.into_any())
    }
}

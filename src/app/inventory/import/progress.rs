//! How far an import is, live: a row of `public.imports`.

use super::model::State;
use crate::{
    app::inventory::grouped,
    store::{LiveRow, Query},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A row of `public.imports`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Import {
    id: i64,
    /// Where it is.
    pub(super) state: State,
    /// Rows that are to be written.
    pub(super) rows_all: i32,
    /// Rows that are.
    pub(super) rows_done: i32,
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct ImportKey {
    pub(super) id: i64,
}

impl LiveRow for Import {
    const TABLE: &'static str = "public.imports";
    type Key = ImportKey;

    fn key(&self) -> ImportKey {
        ImportKey { id: self.id }
    }
}

impl Import {
    /// One of them.
    pub(super) fn one(id: i64) -> Query<Self> {
        Query::all().columns(["id", "state", "rows_all", "rows_done"]).filter("id = $1", (id,))
    }
}

/// A bar, and numbers.
#[component]
pub(super) fn Progress(
    /// Rows that are written, and all that are to be.
    #[prop(into)]
    of: Signal<(i32, i32)>,
) -> impl IntoView {
    view! {
        <div class="import-progress">
            <progress
                aria-label="Import"
                max=move || of.get().1.max(1).to_string()
                value=move || of.get().0.to_string()
                prop:value=move || of.get().0.to_string()
            ></progress>
            <p class="hint">
                {move || {
                    let (done, all) = of.get();
                    format!("{} of {} rows. Nobody sees any of them before all are there.", grouped(done.into()), grouped(all.into()))
                }}
            </p>
        </div>
    }
}

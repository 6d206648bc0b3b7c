//! Where a file is brought: a form that works as one. A browser takes a file that is dropped on its field.

use super::{
    PATH, UPLOAD,
    actions::import_home,
    column::Column,
    model::{Home, Refusal, State, Summary},
    page::{NoticeBanner, Problem},
};
use crate::app::{
    inventory::{grouped, refusal::Refusal as Common, validate::Field},
    time::Timestamp,
    when::When,
};
use leptos::prelude::*;

/// The form, and what was brought lately.
#[component]
pub(super) fn Choose() -> impl IntoView {
    let home = Resource::new_blocking(|| (), |()| import_home());
    view! {
        <div class="heading">
            <h1>"Import products"</h1>
            <a class="button" href="/">
                "To the inventory"
            </a>
        </div>
        <NoticeBanner back=PATH />
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading…"</p> }
        }>
            {move || Suspend::new(async move {
                match home.await.unwrap_or(Err(Refusal::Common(Common::Unavailable))) {
                    Ok(home) => view! { <Form home /> }.into_any(),
                    Err(refusal) => view! { <Problem refusal /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Form(home: Home) -> impl IntoView {
    let Home { megabytes, rows, imports } = home;
    let sending = RwSignal::new(false);
    let columns = std::iter::once(Column::Id).chain(Field::ALL.map(Column::Field));
    let columns = columns.map(|column| view! { <li><code>{column.name()}</code></li> }).collect_view();
    view! {
        <form
            class="panel import-form"
            method="post"
            action=UPLOAD
            enctype="multipart/form-data"
            aria-label="Import a file"
            on:submit=move |_| sending.set(true)
        >
            <label class="drop">
                <span class="drop-text"><span class="drop-words">"Choose a CSV file, or drop it here"</span>
                <span class="hint">
                    {format!("Up to {megabytes} MB and {} rows. Nothing is changed before you have seen what it does.", grouped(rows as i64))}
                </span></span>
                <input type="file" name="file" accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain" />
            </label>
            <details class="paste">
                <summary>"Or paste rows"</summary>
                <label>
                    <span class="unseen">"Rows, the first with the names of the columns"</span>
                    <textarea
                        name="text"
                        rows="8"
                        spellcheck="false"
                        autocapitalize="off"
                        placeholder="sku,name,category,location,quantity,reorder_level,price"
                    ></textarea>
                </label>
            </details>
            <div class="sheet-end">
                <p class="hint" role="status">
                    {move || sending.get().then_some("Reading the file…")}
                </p>
                <button class="button primary">"Preview"</button>
            </div>
        </form>
        <section class="import-how" aria-labelledby="import-how">
            <h2 id="import-how">"What a file looks like"</h2>
            <ul class="import-columns" role="list" aria-label="Columns">
                {columns}
            </ul>
            <ul>
                <li>
                    "The first line names the columns, in any order; "
                    <a href="/api/inventory/export" download="inventory.csv" rel="external">
                        "an export"
                    </a> " is such a file. Columns that are missing stay as they are."
                </li>
                <li>"A row with an id changes that product. One without changes the product of its SKU, or adds it if there is none."</li>
                <li>"Commas, semicolons or tabs between cells; UTF-8; prices with a point."</li>
                <li>"All rows are imported together, or none; and one click undoes it."</li>
            </ul>
        </section>
        <Recent imports />
    }
}

/// What was brought lately.
#[component]
fn Recent(imports: Vec<Summary>) -> impl IntoView {
    if imports.is_empty() {
        return ().into_any();
    }
    let item = |import: Summary| {
        let told = match import.state {
            State::Done => import.done.told(),
            state => state.label().to_owned(),
        };
        view! {
            <li>
                <a href=format!("{PATH}/{}", import.id)>
                    <bdi>{import.name}</bdi>
                </a>
                <span>{told}</span>
                <When at=Signal::stored(Some(Timestamp(import.at))) />
            </li>
        }
    };
    view! {
        <section class="import-recent" aria-labelledby="import-recent">
            <h2 id="import-recent">"Your latest files"</h2>
            <ul role="list">{imports.into_iter().map(item).collect_view()}</ul>
            <p class="hint">"They are kept for a day."</p>
        </section>
    }
    .into_any()
}

//! The browser's copy of live rows: from frames to signals. For a page it is one call.
//!
//! # A tour
//!
//! A **row type** names its table and its key. Its fields are columns; columns that it does not name are ignored.
//!
//! ```
//! use rowcast::store::LiveRow;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct Product {
//!     id: i64,
//!     name: String,
//!     category: String,
//!     quantity: i32,
//! }
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
//! struct ProductKey {
//!     id: i64,
//! }
//!
//! impl LiveRow for Product {
//!     const TABLE: &'static str = "public.products";
//!     type Key = ProductKey;
//!
//!     fn key(&self) -> ProductKey {
//!         ProductKey { id: self.id }
//!     }
//! }
//! ```
//!
//! **The one call** is [`use_query()`]. The root of the app calls [`provide_connection`] once; after that, any component may
//! ask. A list goes through the keys, and each row is a signal of its own, so that one changed cell touches one text node.
//!
//! ```
//! # use rowcast::store::LiveRow;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # struct Product { id: i64, name: String, category: String, quantity: i32 }
//! # #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
//! # struct ProductKey { id: i64 }
//! # impl LiveRow for Product {
//! #     const TABLE: &'static str = "public.products";
//! #     type Key = ProductKey;
//! #     fn key(&self) -> ProductKey { ProductKey { id: self.id } }
//! # }
//! use leptos::prelude::*;
//! use rowcast::store::{Phase, Query, use_query};
//!
//! #[component]
//! fn Scarce() -> impl IntoView {
//!     let scarce = use_query(
//!         Query::<Product>::all()
//!             .filter("category = $1 and quantity < $2", ("tools", 10))
//!             .ascending("quantity")
//!             .limit(50),
//!     );
//!     let problem = move || scarce.error().map(|error| error.to_string());
//!     view! {
//!         <Suspense>
//!             <p>{move || scarce.len()} " products" {move || (scarce.phase() != Phase::Live).then_some(", catching up")}</p>
//!             <p role="alert">{problem}</p>
//!             <ul>
//!                 <For each=move || scarce.keys() key=|key| key.clone() let:key>
//!                     {
//!                         let row = scarce.row(key);
//!                         view! { <li>{move || row.with(|row| row.name.clone())} ": " {move || row.with(|row| row.quantity)}</li> }
//!                     }
//!                 </For>
//!             </ul>
//!         </Suspense>
//!     }
//! }
//! ```
//!
//! **On the server** the rows are read as of the page's one snapshot, so everything on a page is of one moment, and travel
//! in its HTML together with their position. **Hydration** takes them from there, and the socket continues from that
//! position without fetching them again. For that they are read inside of a `<Suspense>`; where that is unhandy,
//! [`LiveQuery::ready`] waits for them. Without a [`PageReader`] in the context, and for queries that it does not answer,
//! the rows come over the socket.
//!
//! **Parameters that change** are read in a closure. The rows of before stay until the new ones have come
//! ([`Phase::CatchingUp`]), then all are exchanged at once.
//!
//! ```
//! # use rowcast::store::LiveRow;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # struct Product { id: i64, name: String, category: String, quantity: i32 }
//! # #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
//! # struct ProductKey { id: i64 }
//! # impl LiveRow for Product {
//! #     const TABLE: &'static str = "public.products";
//! #     type Key = ProductKey;
//! #     fn key(&self) -> ProductKey { ProductKey { id: self.id } }
//! # }
//! # use leptos::prelude::*;
//! # use rowcast::store::{LiveQuery, Query, use_query};
//! fn products_of(category: RwSignal<String>) -> LiveQuery<Product> {
//!     use_query(move || Query::all().filter("category = $1", (category.get(),)))
//! }
//! ```
//!
//! **Totals** are rows of [`Group`]s, kept by the server: one row for each combination of values, or a single one.
//!
//! ```
//! # use rowcast::store::LiveRow;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # struct Product { id: i64, name: String, category: String, quantity: i32 }
//! # #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
//! # struct ProductKey { id: i64 }
//! # impl LiveRow for Product {
//! #     const TABLE: &'static str = "public.products";
//! #     type Key = ProductKey;
//! #     fn key(&self) -> ProductKey { ProductKey { id: self.id } }
//! # }
//! use leptos::prelude::*;
//! use rowcast::store::{GroupColumns, Query, use_query};
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
//! struct ByCategory {
//!     category: String,
//! }
//!
//! impl GroupColumns for ByCategory {
//!     const COLUMNS: &'static [&'static str] = &["category"];
//! }
//!
//! #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
//! struct Amounts {
//!     quantity: Option<i64>,
//! }
//!
//! #[component]
//! fn Stock() -> impl IntoView {
//!     let categories = use_query(Query::<Product>::all().group_by::<ByCategory, Amounts>().sum("quantity"));
//!     let everything = use_query(Query::<Product>::all().totals::<Amounts>().sum("quantity"));
//!     let line = |name: String, count, quantity: Option<i64>| format!("{name}: {count} products, {quantity:?} pieces");
//!     view! {
//!         {move || categories.rows().into_iter().map(|row| line(row.group.category, row.count, row.sum.quantity)).collect_view()}
//!         {move || everything.first().map(|row| line("All".to_owned(), row.count, row.sum.quantity))}
//!     }
//! }
//! ```
//!
//! **Edits** show before the server has agreed. The server function returns the number of its transaction
//! (`pg_current_xact_id()`); the edit is lifted by the position that includes it, whether the answer or the changes arrive
//! first, and across reconnects. An edit that is refused, or dropped without an answer, is rolled back.
//!
//! ```
//! # use rowcast::store::LiveRow;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # struct Product { id: i64, name: String, category: String, quantity: i32 }
//! # #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
//! # struct ProductKey { id: i64 }
//! # impl LiveRow for Product {
//! #     const TABLE: &'static str = "public.products";
//! #     type Key = ProductKey;
//! #     fn key(&self) -> ProductKey { ProductKey { id: self.id } }
//! # }
//! use leptos::{prelude::*, task::spawn_local};
//! use rowcast::store::LiveQuery;
//!
//! # async fn set_quantity(id: i64, quantity: i32) -> Result<u64, ServerFnError> { Ok(0) }
//! fn sell_out(products: LiveQuery<Product>, id: i64, told: WriteSignal<String>) {
//!     let edit = products.edit(ProductKey { id }, |row| row.quantity = 0);
//!     spawn_local(async move {
//!         match set_quantity(id, 0).await {
//!             Ok(transaction) => edit.confirm(transaction),
//!             Err(error) => {
//!                 edit.roll_back();
//!                 told.set(error.to_string());
//!             }
//!         }
//!     });
//! }
//! ```
//!
//! [`LiveQuery::insert`] and [`LiveQuery::remove`] do the same with whole rows. An edit is one of the query it was made in;
//! another query that has the same row shows it with the commit.
//!
//! **Rooms** are for what need not be kept: who looks at the same thing, who is typing, a nudge. [`use_room()`] is in a room as
//! long as the component lives. Rules say who may (`rowcast room allow 'chat:*' --role staff --publish`).
//!
//! ```
//! use leptos::prelude::*;
//! use rowcast::store::{RoomStatus, use_room};
//! use serde_json::json;
//!
//! #[component]
//! fn Chat() -> impl IntoView {
//!     let room = use_room("chat:general", json!({"typing": false}));
//!     let away = move || (room.status() != RoomStatus::Joined).then_some("not connected");
//!     view! {
//!         <p role="status">{away} {move || room.error().map(|error| error.to_string())}</p>
//!         <ul>{move || room.members().into_iter().map(|one| view! { <li>{one.name}</li> }).collect_view()}</ul>
//!         <ol>{move || room.messages().into_iter().map(|said| view! { <li>{said.name} ": " {said.payload.to_string()}</li> }).collect_view()}</ol>
//!         <input
//!             on:input=move |_| room.set_state(json!({"typing": true}))
//!             on:change:target=move |event| {
//!                 room.publish_with_echo("line", event.target().value());
//!                 room.set_state(json!({"typing": false}));
//!             }
//!         />
//!     }
//! }
//! ```
//!
//! What was said before somebody came is in a table, if anywhere: [`LiveRoom::history`] is the question that tells it.
//! What is said to the person, and to everybody, is in [`Connection::said`].
//!
//! **Components with equal queries** share the rows and one subscription, which ends [a moment](UNUSED_KEPT_MS) after the
//! last of them has left. A page that nobody has looked at [for long](PAUSE_AFTER_MS) gives up its connection and continues
//! where it was when somebody does.
//!
//! # Inside
//!
//! | file | what it is | knows |
//! |---|---|---|
//! | `row`, `group`, `any` | what a row type must be able to do; rows of totals; rows without a type | nothing |
//! | `query` | which rows, in which order, as a question | the protocol |
//! | `place` | where a row stands in an order | the protocol |
//! | `staging` | frames of one subscription, held until committed | the protocol |
//! | `replica` | all subscriptions of one connection: which frame belongs where, what commits when | the protocol |
//! | `rooms` | all rooms of one connection: who is there, what is asked again | the protocol |
//! | `backoff`, `machine`, `alarm` | when to connect, wait, pause, give up | the clock, as a number |
//! | `rows`, `live` | committed rows as one signal per row, optimistic edits laid over them | signals |
//! | `registry` | which queries the page uses, shared by those who ask the same | signals |
//! | `connection` | what a page sees of the connection | signals |
//! | `use_query` | what a component sees of a query | signals |
//! | `use_room` | what a component sees of a room | signals |
//! | `page` | rows that the server rendered into the page, with their position | the context |
//! | `transport` | the thin shell around all that: a WebSocket, timers, events of the window | the browser |
//!
//! Everything but `transport` is tested natively. Signals are set with no lock held and, for all queries of a commit,
//! before any effect runs: no effect sees one query's commit without the others'.

#[cfg(any(feature = "hydrate", test))]
mod alarm;
mod any;
mod backoff;
mod connection;
mod group;
mod live;
mod machine;
mod page;
mod place;
mod query;
mod registry;
mod replica;
mod rooms;
mod row;
mod rows;
mod staging;
mod traffic;
#[cfg(feature = "hydrate")]
mod transport;
#[cfg(not(feature = "hydrate"))]
#[path = "transport_none.rs"]
mod transport;
mod use_query;
mod use_room;

pub use any::{AnyKey, AnyRow};
pub use backoff::Backoff;
pub use connection::{
    Connection, ConnectionOptions, Status, provide_connection, provide_connection_with, use_connection,
};
pub use group::{Count, Everything, Group, GroupColumns, GroupKey, Nothing};
pub use live::{Edit, Live, Phase, SubscriptionError};
pub use machine::{Action, Event, Machine, PAUSE_AFTER_MS, State};
pub use page::{Initial, PageReader, PageRows, ReadError, initial_rows, read_page};
pub use query::{LiveTotals, Params, Query};
pub use registry::UNUSED_KEPT_MS;
pub use replica::{Diverged, Outgoing, Replica, Sink};
pub use rooms::{Occupant, RoomEvent, RoomMessage, RoomSink, RoomStatus};
pub use row::LiveRow;
pub use staging::{RowChange, Staging};
pub use traffic::{Rate, Traffic};
pub use use_query::{IntoQuery, LiveQuery, QueryError, RowSignal, use_live, use_query};
pub use use_room::{KEPT_MESSAGES, LiveRoom, use_room};

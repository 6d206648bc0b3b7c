//! The app: pages made of live rows. It uses nothing but the engine's public interface.
//!
//! Everything is rendered on the server first and works there without JavaScript: links, forms, pages. The same
//! components then take over in the browser. Whatever differs between the two (the time, the connection, the theme) is
//! shown only after that, because what is hydrated must be what was sent.

mod account;
pub mod audit;
pub mod chat;
mod clock;
mod commands;
mod company;
mod connection_badge;
mod connection_panel;
#[cfg(feature = "ssr")]
mod csv;
mod dashboard;
#[cfg(feature = "ssr")]
pub mod demo;
mod density;
mod dialog;
#[cfg(feature = "hydrate")]
pub(crate) mod early;
#[cfg(not(feature = "hydrate"))]
#[path = "early_none.rs"]
mod early;
pub mod explore;
mod focus;
mod fold;
#[cfg(feature = "ssr")]
mod fresh;
#[cfg(not(feature = "ssr"))]
#[path = "fresh_browser.rs"]
mod fresh;
mod glow;
mod history;
mod icons;
pub mod inventory;
mod missing;
mod navigation;
mod not_found;
pub mod notifications;
mod now;
mod online;
pub mod operations;
pub mod orders;
#[cfg(feature = "ssr")]
mod plain_form;
pub mod product;
mod query_map;
#[cfg(feature = "ssr")]
mod response;
#[cfg(not(feature = "ssr"))]
#[path = "response_none.rs"]
mod response;
mod search_text;
mod speed;
#[cfg(feature = "hydrate")]
mod storage;
#[cfg(not(feature = "hydrate"))]
#[path = "storage_none.rs"]
mod storage;
mod theme;
mod time;
mod toast;
mod when;

use crate::{
    identity::visitor,
    store::{ConnectionOptions, provide_connection_with},
};
pub use account::OwnLogins;
use account::{AccountPage, PersonLink, SignInPage, SignUpPage};
use audit::AuditPage;
use chat::{ChatPage, Drafts, provide_outbox};
use clock::provide_clock;
use commands::{CommandScope, PaletteButton};
use connection_badge::ConnectionBadge;
use dashboard::DashboardPage;
use explore::ExplorePage;
use history::HistoryPage;
pub use history::{ComparePast, ReadPast};
use icons::{IconSprite, Mark};
use inventory::{ImportPage, InventoryPage};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{A, Route, Router, Routes},
    path,
};
use navigation::Navigation;
use not_found::NotFound;
use notifications::{Bell, NotificationsPage};
use now::provide_now;
use online::provide_online;
use operations::{Announcements, OperationsPage};
use orders::{NewOrderPage, OrderPage, OrdersPage};
use product::ProductPage;
pub use product::{AdjustStock, EditProduct};
use theme::{EARLY_SCRIPT, ThemeSwitch, provide_theme};
use toast::{Toasts, provide_toasts};

/// The HTML document around the app.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="description" content="Live inventory: every change shows in every browser at once." />
                <script nonce=use_nonce()>{EARLY_SCRIPT}</script>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                <HashedStylesheet options=options.clone() />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The app: header, page, messages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let visitor = visitor::provide_visitor(visitor::of_request);
    // Whoever is not let in sees forms only, and nothing on them is live.
    let (is_let_in, works_here) = (visitor.is_let_in, visitor.person.works_here());
    provide_connection_with(ConnectionOptions { connects: is_let_in, ..ConnectionOptions::default() });
    // What was not for them is not in the browser: it must be asked for anew.
    let leaves = (!is_let_in).then_some("external");
    provide_online(is_let_in && works_here);
    provide_clock();
    provide_now();
    provide_toasts();
    provide_outbox();
    provide_context(Drafts::default());
    provide_theme();
    Effect::new(|| {
        let root = document().document_element();
        // The page for people without JavaScript ends here; see `theme::EARLY_SCRIPT`.
        root.into_iter().for_each(|root| {
            let _ = root.set_attribute("data-js", "ready");
        });
    });
    view! {
        <IconSprite />
        // The router would take the link for one of its own and leave the focus where it is.
        <a class="skip" href="#main" rel="external">
            "Skip to the content"
        </a>
        <Router>
            <CommandScope is_let_in>
                <header class="top">
                    <div class="top-inner">
                        <A href="/" attr:class="brand" attr:aria-label="Rowcast" attr:rel=leaves>
                            <Mark />
                            <span class="brand-name">"Rowcast"</span>
                        </A>
                        <Navigation leaves />
                        {is_let_in.then(|| view! { <PaletteButton /> })}
                        {is_let_in.then(|| view! { <ConnectionBadge /> })}
                        <Bell />
                        <PersonLink />
                        <ThemeSwitch />
                    </div>
                </header>
                <main id="main" tabindex="-1">
                    <Routes fallback=NotFound>
                        <Route path=path!("/") view=InventoryPage ssr=SsrMode::Async />
                        <Route path=path!("/products/:id") view=ProductPage ssr=SsrMode::Async />
                        <Route path=path!("/import/:id?") view=ImportPage ssr=SsrMode::Async />
                        <Route path=path!("/dashboard") view=DashboardPage ssr=SsrMode::Async />
                        <Route path=path!("/history") view=HistoryPage ssr=SsrMode::Async />
                        <Route path=path!("/explore") view=ExplorePage ssr=SsrMode::Async />
                        <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async />
                        <Route path=path!("/operations") view=OperationsPage ssr=SsrMode::Async />
                        <Route path=path!("/orders") view=OrdersPage ssr=SsrMode::Async />
                        <Route path=path!("/orders/new") view=NewOrderPage ssr=SsrMode::Async />
                        <Route path=path!("/orders/:id") view=OrderPage ssr=SsrMode::Async />
                        <Route path=path!("/chat/:id?") view=ChatPage ssr=SsrMode::Async />
                        <Route path=path!("/notifications") view=NotificationsPage ssr=SsrMode::Async />
                        <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                        <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async />
                        <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async />
                    </Routes>
                </main>
            </CommandScope>
        </Router>
        <Announcements />
        <Toasts />
    }
}

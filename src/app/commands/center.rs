//! What the dialogs and the keyboard share, and how a command is carried out.

use super::command::Command;
use crate::{
    app::{
        density,
        inventory::{IMPORT, Listing},
        storage::{store_word, stored_word},
        theme::ThemeChoice,
        toast::{Messages, use_messages},
    },
    store::{Connection, Status, use_connection},
};
use leptos::{html, prelude::*, wasm_bindgen::JsCast, web_sys::HtmlElement};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// Under which name the browser keeps whether keys without a modifier do something.
const STORAGE_KEY: &str = "rowcast-keys";
/// What it keeps if they do not.
const OFF: &str = "off";

/// For everybody below the router.
#[derive(Clone, Copy)]
pub(super) struct Center {
    /// Whether the palette is open.
    pub(super) palette: RwSignal<bool>,
    /// Whether the help is open.
    pub(super) help: RwSignal<bool>,
    /// Whether keys that are only a character do something.
    pub(super) plain_keys: RwSignal<bool>,
    /// The form that signs out.
    pub(super) sign_out: NodeRef<html::Form>,
    go: Callback<String>,
    theme: ThemeChoice,
    messages: Messages,
    connection: StoredValue<Connection>,
}

impl Center {
    /// For the calling component, which must be inside of the router.
    pub(super) fn new() -> Self {
        let navigate = use_navigate();
        let plain_keys = RwSignal::new(true);
        Effect::new(move || plain_keys.set(stored_word(STORAGE_KEY).as_deref() != Some(OFF)));
        Self {
            palette: RwSignal::new(false),
            help: RwSignal::new(false),
            plain_keys,
            sign_out: NodeRef::new(),
            go: Callback::new(move |address: String| navigate(&address, NavigateOptions::default())),
            theme: expect_context(),
            messages: use_messages(),
            connection: StoredValue::new(use_connection()),
        }
    }

    /// Whether keys that are only a character do something, from now on.
    pub(super) fn set_plain_keys(self, do_something: bool) {
        self.plain_keys.set(do_something);
        store_word(STORAGE_KEY, if do_something { "on" } else { OFF });
    }

    pub(super) fn carry_out(self, command: Command) {
        match command {
            Command::Open(page) => self.go.run(page.address.to_owned()),
            Command::Import => self.go.run(IMPORT.to_owned()),
            Command::NewOrder => self.go.run("/orders/new".to_owned()),
            Command::Order(number) => self.go.run(format!("/orders/{number}")),
            Command::Find(search) => self.go.run(Listing { search, ..Listing::default() }.address()),
            Command::Search => self.search(),
            Command::Theme => {
                self.theme.turn();
                self.messages.done(untrack(|| self.theme.label()));
            }
            Command::Density => self.messages.done(format!("Density: {}", density::turn())),
            Command::Reconnect => self.reconnect(),
            Command::Help => self.help.set(true),
            Command::SignOut => {
                if let Some(form) = self.sign_out.get_untracked() {
                    // Fails only for forms that are not in the document.
                    let _ = form.submit();
                }
            }
        }
    }

    fn reconnect(self) {
        let connection = self.connection.get_value();
        if untrack(|| connection.status()) == Status::Live {
            self.messages.done("The connection is live");
        } else {
            connection.retry_now();
        }
    }

    fn search(self) {
        let found = document().query_selector("main input[type=search]").ok().flatten();
        match found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            // Fails only for elements that are not in the document.
            Some(input) => drop(input.focus()),
            None => self.messages.done("There is nothing to search on this page"),
        }
    }
}

//! What can be done from everywhere: by name, in a palette, or by a key.
//!
//! | file | what it is |
//! |---|---|
//! | `command` | the commands: what they are called, for whom they are, by which keys they go; pure |
//! | `matching` | which of them somebody means who types something; pure |
//! | `keys` | which command a key is, after those before it; pure |
//! | `center` | what the parts share, and how a command is carried out |
//! | `palette`, `help` | the two dialogs |
//! | `listen` | the keyboard |
//!
//! Invariant: keys and names come from one list, so what the help says is what happens. No key does anything while somebody types, nor
//! while a dialog is open; and keys that are only a character can be switched off (WCAG 2.1.4).

mod center;
mod command;
mod help;
mod keys;
mod listen;
mod matching;
mod palette;

pub(super) use command::PAGES;
pub(super) use palette::PaletteButton;

use crate::identity::visitor::use_visitor;
use center::Center;
use command::Who;
use help::Help;
use leptos::prelude::*;
use palette::Palette;

/// Around everything that the router shows: commands, for those who are let in.
#[component]
pub(super) fn CommandScope(is_let_in: bool, children: Children) -> impl IntoView {
    let center = Center::new();
    provide_context(center);
    if is_let_in {
        listen::listen(center, Who::of(&use_visitor()));
    }
    let dialogs = is_let_in.then(|| {
        view! {
            <Palette />
            <Help />
        }
    });
    view! {
        {children()}
        {dialogs}
    }
}

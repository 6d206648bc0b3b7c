//! The commands. Pure.

use crate::{identity::visitor::Visitor, protocol::Role};

/// Whom commands are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) role: Role,
    /// Whether they have an account: also nobody in particular may be let in as somebody who works here.
    pub(super) is_signed_in: bool,
}

impl Who {
    pub(super) fn of(visitor: &Visitor) -> Self {
        Self { role: visitor.person.role, is_signed_in: visitor.is_signed_in() }
    }

    fn may_open(self, page: &Page) -> bool {
        self.role >= page.role && (page.is_listed || self.is_signed_in)
    }
}

/// A page that stands in the navigation or can be gone to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Page {
    pub(in crate::app) address: &'static str,
    pub(in crate::app) label: &'static str,
    /// After `g`.
    pub(super) key: char,
    /// Who is the least that it is for.
    pub(in crate::app) role: Role,
    /// Whether it stands in the navigation; others have a place of their own in the header, and are about one's own account.
    pub(in crate::app) is_listed: bool,
}

const fn page(address: &'static str, label: &'static str, key: char, role: Role, is_listed: bool) -> Page {
    Page { address, label, key, role, is_listed }
}

/// All of them.
pub(in crate::app) const PAGES: [Page; 10] = [
    page("/", "Inventory", 'i', Role::Anonymous, true),
    page("/orders", "Orders", 'o', Role::Customer, true),
    page("/chat", "Chat", 'c', Role::Customer, true),
    page("/dashboard", "Dashboard", 'd', Role::Staff, true),
    page("/history", "History", 'h', Role::Staff, true),
    page("/explore", "Explorer", 'e', Role::Staff, true),
    page("/audit", "Audit", 'a', Role::Admin, true),
    page("/operations", "Operations", 'p', Role::Admin, true),
    page("/notifications", "Notifications", 'n', Role::Customer, false),
    page("/account", "Your account", 'u', Role::Customer, false),
];

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Go to a page.
    Open(Page),
    /// Go to the form for a new order.
    NewOrder,
    /// Go to where products are imported.
    Import,
    /// Go to an order.
    Order(u64),
    /// Look for something in the inventory.
    Find(String),
    /// Put the focus on the search of the page.
    Search,
    /// Light, dark or as the system has it.
    Theme,
    /// How close rows stand.
    Density,
    /// Connect again at once.
    Reconnect,
    /// Show the keys.
    Help,
    /// Sign out.
    SignOut,
}

impl Command {
    /// Those that are always the same, for somebody; the likeliest first.
    pub(super) fn all(who: Who) -> Vec<Self> {
        let pages = PAGES.into_iter().filter(|page| who.may_open(page)).map(Self::Open);
        pages
            .chain((who.role >= Role::Customer).then_some(Self::NewOrder))
            .chain((who.role >= Role::Staff).then_some(Self::Import))
            .chain([Self::Search, Self::Theme, Self::Density, Self::Reconnect, Self::Help])
            .chain(who.is_signed_in.then_some(Self::SignOut))
            .collect()
    }

    /// What it is called.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Open(page) => format!("Go to {}", page.label),
            Self::NewOrder => "New order".to_owned(),
            Self::Import => "Import products".to_owned(),
            Self::Order(number) => format!("Open order {number}"),
            Self::Find(text) => format!("Find “{text}” in the inventory"),
            Self::Search => "Search this page".to_owned(),
            Self::Theme => "Change the theme".to_owned(),
            Self::Density => "Change the density".to_owned(),
            Self::Reconnect => "Reconnect now".to_owned(),
            Self::Help => "Keyboard shortcuts".to_owned(),
            Self::SignOut => "Sign out".to_owned(),
        }
    }

    /// What else it may be called by.
    pub(super) fn aliases(&self) -> &'static str {
        match self {
            Self::Open(Page { address: "/", .. }) => "products stock home",
            Self::Open(Page { address: "/orders", .. }) => "board",
            Self::Open(Page { address: "/chat", .. }) => "messages rooms conversations talk write",
            Self::Open(Page { address: "/dashboard", .. }) => "figures charts overview",
            Self::Open(Page { address: "/history", .. }) => "past time travel",
            Self::Open(Page { address: "/audit", .. }) => "events log",
            Self::Open(Page { address: "/explore", .. }) => "tables query sql grid data",
            Self::Open(Page { address: "/operations", .. }) => "sessions nodes errors broadcast health",
            Self::Open(Page { address: "/account", .. }) => "password profile",
            Self::NewOrder => "place create add",
            Self::Import => "csv file upload spreadsheet",
            Self::Theme => "light dark color colour appearance",
            Self::Density => "compact comfortable rows spacing size",
            Self::Reconnect => "connection retry live",
            Self::Help => "help keys hotkeys",
            Self::SignOut => "log out logout",
            _ => "",
        }
    }

    /// The keys that it goes by, one after the other; none if it has none.
    pub(super) fn keys(&self) -> Vec<char> {
        match self {
            Self::Open(page) => vec!['g', page.key],
            Self::Search => vec!['/'],
            Self::Theme => vec!['t'],
            Self::Density => vec!['d'],
            Self::Help => vec!['?'],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Somebody with an account.
    pub(in crate::app::commands) const fn somebody(role: Role) -> Who {
        Who { role, is_signed_in: true }
    }

    #[test]
    fn everybody_has_the_commands_that_are_for_them() {
        let labels = |role| Command::all(somebody(role)).iter().map(Command::label).collect::<Vec<_>>();
        assert!(!labels(Role::Anonymous).contains(&"Go to Orders".to_owned()));
        assert!(labels(Role::Customer).contains(&"Go to Orders".to_owned()));
        assert!(!labels(Role::Customer).contains(&"Go to History".to_owned()));
        assert!(!labels(Role::Staff).contains(&"Go to Audit".to_owned()));
        assert!(labels(Role::Staff).contains(&"Import products".to_owned()));
        assert!(!labels(Role::Customer).contains(&"Import products".to_owned()));
        assert!(labels(Role::Admin).contains(&"Go to Audit".to_owned()));
        let nobody = Command::all(Who { role: Role::Staff, is_signed_in: false });
        assert!(!nobody.contains(&Command::SignOut));
        assert!(!nobody.iter().any(|command| command.label() == "Go to Notifications"));
    }

    #[test]
    fn no_keys_are_of_two_commands_nor_the_beginning_of_another() {
        let all: Vec<_> =
            Command::all(somebody(Role::Admin)).iter().map(Command::keys).filter(|keys| !keys.is_empty()).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        for keys in &all {
            assert!(!all.iter().any(|other| other != keys && other.starts_with(keys)), "{keys:?}");
        }
    }
}

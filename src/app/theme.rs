//! Light, dark, or as the system has it. The choice is kept in the browser and applied before the first paint.

use super::{
    icons::Icon,
    storage::{store_word, stored_word},
};
use leptos::prelude::*;

/// Under which name the browser keeps the choice.
const STORAGE_KEY: &str = "rowcast-theme";

/// Runs before anything is painted. Applies the chosen theme and [density](super::density), and hides what is only for people
/// without JavaScript; should the program not have started after ten seconds, it shows that again, for plain forms are better than
/// dead ones.
pub(super) const EARLY_SCRIPT: &str = "(function(r){r.dataset.js='starting';\
    try{var s=localStorage,t=s.getItem('rowcast-theme');if(t==='light'||t==='dark')r.dataset.theme=t;\
    if(s.getItem('rowcast-density')==='compact')r.dataset.density='compact'}catch(e){}\
    setTimeout(function(){if(r.dataset.js==='starting')delete r.dataset.js},1e4)})(document.documentElement)";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// The choice of everybody below.
#[derive(Clone, Copy)]
pub(super) struct ThemeChoice(RwSignal<Theme>);

impl ThemeChoice {
    /// Goes on to the next of the three.
    pub(super) fn turn(self) {
        self.0.update(|theme| *theme = theme.next());
        let theme = self.0.get_untracked();
        apply(theme);
        store_word(STORAGE_KEY, theme.word());
    }

    /// What is chosen, in words. Tracked.
    pub(super) fn label(self) -> String {
        format!("Theme: {}", self.0.get().word())
    }
}

/// Takes up what the browser has kept.
pub(super) fn provide_theme() {
    let theme = RwSignal::new(Theme::Auto);
    Effect::new(move || theme.set(stored_word(STORAGE_KEY).map_or(Theme::Auto, |word| Theme::of(&word))));
    provide_context(ThemeChoice(theme));
}

/// A button that goes through the three. Which icon it shows is the style sheet's business, so that it is right from the
/// first paint on.
#[component]
pub(super) fn ThemeSwitch() -> impl IntoView {
    let theme = expect_context::<ThemeChoice>();
    let label = move || theme.label();
    view! {
        <button
            type="button"
            class="icon-button theme-switch scripted"
            aria-label=label
            title=label
            on:click=move |_| theme.turn()
        >
            <span class="theme-auto">
                <Icon name="auto" />
            </span>
            <span class="theme-light">
                <Icon name="light" />
            </span>
            <span class="theme-dark">
                <Icon name="dark" />
            </span>
        </button>
    }
}

fn apply(theme: Theme) {
    if let Some(root) = document().document_element() {
        // Fails only for names that are no attribute's.
        let _ = match theme {
            Theme::Auto => root.remove_attribute("data-theme"),
            Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.word()),
        };
    }
}

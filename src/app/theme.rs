//! Light, dark, or as the system has it. The choice is kept in the browser and applied before the first paint.

use super::{
    icons::Icon,
    storage::{store_word, stored_word},
};
use leptos::prelude::*;

/// Under which name the browser keeps the choice.
const STORAGE_KEY: &str = "rowcast-theme";

/// Runs before anything is painted. Applies the chosen theme, and hides what is only for people without JavaScript; should
/// the program not have started after ten seconds, it shows that again, for plain forms are better than dead ones.
pub(super) const EARLY_SCRIPT: &str = "(function(r){r.dataset.js='starting';\
    try{var t=localStorage.getItem('rowcast-theme');if(t==='light'||t==='dark')r.dataset.theme=t}catch(e){}\
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

/// A button that goes through the three. Which icon it shows is the style sheet's business, so that it is right from the
/// first paint on.
#[component]
pub(super) fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::Auto);
    Effect::new(move || theme.set(stored_word(STORAGE_KEY).map_or(Theme::Auto, |word| Theme::of(&word))));
    let switch = move |_| {
        theme.update(|theme| *theme = theme.next());
        let theme = theme.get_untracked();
        apply(theme);
        store_word(STORAGE_KEY, theme.word());
    };
    let label = move || format!("Theme: {}", theme.get().word());
    view! {
        <button type="button" class="icon-button theme-switch scripted" aria-label=label title=label on:click=switch>
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

//! Our few icons, drawn once and used by reference.

use leptos::prelude::*;

/// The drawings; shown nowhere.
#[component]
pub(super) fn IconSprite() -> impl IntoView {
    view! {
        <svg class="sprite" aria-hidden="true" width="0" height="0">
            <symbol id="i-trash" viewBox="0 0 16 16">
                <path d="M2.5 4.5h11M6 4V2.5h4V4M4 4.5l.6 9h6.8l.6-9M6.8 7v4M9.2 7v4" />
            </symbol>
            <symbol id="i-check" viewBox="0 0 16 16">
                <path d="M3 8.5l3.2 3.2L13 5" />
            </symbol>
            <symbol id="i-close" viewBox="0 0 16 16">
                <path d="M4 4l8 8M12 4l-8 8" />
            </symbol>
            <symbol id="i-back" viewBox="0 0 16 16">
                <path d="M10 3.5L5.5 8l4.5 4.5" />
            </symbol>
            <symbol id="i-forth" viewBox="0 0 16 16">
                <path d="M6 3.5L10.5 8 6 12.5" />
            </symbol>
            <symbol id="i-search" viewBox="0 0 16 16">
                <path d="M10.4 10.4L14 14M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9z" />
            </symbol>
            <symbol id="i-plus" viewBox="0 0 16 16">
                <path d="M8 3v10M3 8h10" />
            </symbol>
            <symbol id="i-minus" viewBox="0 0 16 16">
                <path d="M3 8h10" />
            </symbol>
            <symbol id="i-bell" viewBox="0 0 16 16">
                <path d="M3 11.5h10c-1-1-1.2-2.2-1.2-4.2C11.8 4.7 10.2 3 8 3S4.2 4.7 4.2 7.3c0 2-.2 3.2-1.2 4.2zM6.7 13.6c.7.6 1.9.6 2.6 0" />
            </symbol>
            <symbol id="i-menu" viewBox="0 0 16 16">
                <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />
            </symbol>
            <symbol id="i-checks" viewBox="0 0 16 16">
                <path d="M1.5 8.8l3 3L10.5 5M8.2 11l.8.8L15 5" />
            </symbol>
            <symbol id="i-clock" viewBox="0 0 16 16">
                <path d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.3" />
            </symbol>
            <symbol id="i-edit" viewBox="0 0 16 16">
                <path d="M3 13l.6-2.8L11 2.8l2.2 2.2-7.4 7.4zM9.6 4.2l2.2 2.2" />
            </symbol>
            <symbol id="i-send" viewBox="0 0 16 16">
                <path d="M2.5 3l11 5-11 5 1.8-5zM4.3 8h5" />
            </symbol>
            <symbol id="i-grip" viewBox="0 0 16 16">
                <path class="solid" d="M6 3.4v.01M10 3.4v.01M6 8v.01M10 8v.01M6 12.6v.01M10 12.6v.01" />
            </symbol>
            <symbol id="i-auto" viewBox="0 0 16 16">
                <path d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z" />
                <path class="solid" d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
            </symbol>
            <symbol id="i-light" viewBox="0 0 16 16">
                <path d="M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1" />
            </symbol>
            <symbol id="i-dark" viewBox="0 0 16 16">
                <path d="M13.4 9.8A5.8 5.8 0 0 1 6.2 2.6a5.8 5.8 0 1 0 7.2 7.2z" />
            </symbol>
        </svg>
    }
}

/// One of the drawings, by name.
#[component]
pub(super) fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=format!("#i-{name}")></use>
        </svg>
    }
}

/// Rowcast's mark: a table's rows, one of them being sent.
#[component]
pub(super) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
            <rect class="mark-row" x="2" y="3.5" width="20" height="4" rx="1.5"></rect>
            <rect class="mark-live" x="2" y="10" width="13" height="4" rx="1.5"></rect>
            <circle class="mark-live" cx="19.75" cy="12" r="2.25"></circle>
            <rect class="mark-row" x="2" y="16.5" width="20" height="4" rx="1.5"></rect>
        </svg>
    }
}

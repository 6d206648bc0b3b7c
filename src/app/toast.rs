//! Short messages in the corner: what was done, with a way to undo it, and what was not done, with the reason.
//!
//! Good news goes away by itself, unless somebody is reading it; bad news and what somebody says stay until they are dismissed.

use super::icons::Icon;
use leptos::prelude::*;
use std::{sync::Arc, time::Duration};

/// How long good news stays after nobody points at it any more.
const LINGER: Duration = Duration::from_secs(8);
/// More than this at once is not read; the oldest goes.
const MOST: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Done,
    Refused,
    /// What a person says.
    Said,
}

/// What can be done about a message. Not a [`Callback`]: that ends with whatever effect says something, and the message stays.
type Act = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
struct Toast {
    number: u64,
    kind: Kind,
    text: String,
    action: Option<(&'static str, Act)>,
}

/// Where messages are put.
#[derive(Clone, Copy)]
pub(super) struct Messages {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Messages {
    /// Something was done.
    pub(super) fn done(self, text: impl Into<String>) {
        self.push(Kind::Done, text.into(), None);
    }

    /// Something was done that can be taken back.
    pub(super) fn undoable(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        self.offering(text, "Undo", undo);
    }

    /// Something is so, and there is something that can be done about it.
    pub(super) fn offering(self, text: impl Into<String>, label: &'static str, act: impl Fn() + Send + Sync + 'static) {
        self.push(Kind::Done, text.into(), Some((label, Arc::new(act))));
    }

    /// Something was not done.
    pub(super) fn refused(self, text: impl Into<String>) {
        self.push(Kind::Refused, text.into(), None);
    }

    /// Somebody says something.
    pub(super) fn said(self, text: impl Into<String>) {
        self.push(Kind::Said, text.into(), None);
    }

    fn push(self, kind: Kind, text: String, action: Option<(&'static str, Act)>) {
        let number = self.next.get_value();
        self.next.set_value(number + 1);
        self.toasts.update(|toasts| {
            // The same complaint twice is one complaint.
            toasts.retain(|toast| toast.text != text || toast.action.is_some());
            toasts.push(Toast { number, kind, text, action });
            if toasts.len() > MOST {
                // What a person says is read before it goes, if anything else can go.
                let oldest = toasts.iter().position(|toast| toast.kind != Kind::Said).unwrap_or(0);
                toasts.remove(oldest);
            }
        });
    }

    fn dismiss(self, number: u64) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.number != number));
    }
}

/// Makes messages possible below.
pub(super) fn provide_toasts() {
    provide_context(Messages { toasts: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
}

/// Where messages are put.
pub(super) fn use_messages() -> Messages {
    expect_context()
}

/// The corner. Two live regions, because good news may wait for a pause and bad news should not.
#[component]
pub(super) fn Toasts() -> impl IntoView {
    let messages = use_messages();
    let of = move |is_bad: bool| {
        messages
            .toasts
            .get()
            .into_iter()
            .filter(move |toast| (toast.kind == Kind::Refused) == is_bad)
            .collect::<Vec<_>>()
    };
    view! {
        <section class="toasts" aria-label="Messages">
            <div role="alert">
                <For each=move || of(true) key=|toast| toast.number let:toast>
                    <ToastView toast />
                </For>
            </div>
            <div role="status">
                <For each=move || of(false) key=|toast| toast.number let:toast>
                    <ToastView toast />
                </For>
            </div>
        </section>
    }
}

#[component]
fn ToastView(toast: Toast) -> impl IntoView {
    let messages = use_messages();
    let Toast { number, kind, text, action } = toast;
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let hold = move || {
        if let Some(running) = timer.get_value() {
            running.clear();
        }
        timer.set_value(None);
    };
    let release = move || {
        hold();
        if kind == Kind::Done {
            timer.set_value(set_timeout_with_handle(move || messages.dismiss(number), LINGER).ok());
        }
    };
    release();
    on_cleanup(hold);
    let act = action.map(|(label, action)| {
        let act = move |_| {
            action();
            messages.dismiss(number);
        };
        view! {
            <button type="button" class="toast-action" on:click=act>
                {label}
            </button>
        }
    });
    view! {
        <div
            class="toast"
            class:refused=kind == Kind::Refused
            class:said=kind == Kind::Said
            on:pointerenter=move |_| hold()
            on:pointerleave=move |_| release()
            on:focusin=move |_| hold()
            on:focusout=move |_| release()
        >
            <p dir="auto">{text}</p>
            {act}
            <button
                type="button"
                class="icon-button"
                aria-label="Dismiss"
                on:click=move |_| messages.dismiss(number)
            >
                <Icon name="close" />
            </button>
        </div>
    }
}

//! A drag with a mouse, a finger or a pen.
//!
//! A mouse drags a card by any part of it that is not a control; a finger by its handle only, because everywhere else it
//! scrolls. What is dragged is a picture of the card; the card itself stays in its place until it is put down.

use super::{
    carry::{Carried, Means},
    desk::Desk,
};
use crate::orders::State;
use leptos::wasm_bindgen::JsCast;
use leptos::{
    ev::{self, MouseEvent, PointerEvent},
    prelude::*,
    web_sys::{Element, EventTarget},
};
use std::time::Duration;

/// How far a pointer moves before it drags, in CSS pixels; less is a click.
const THRESHOLD: i32 = 6;
/// So near to the edge of the window the board scrolls, in CSS pixels.
const EDGE: f64 = 48.0;
/// So far it scrolls with each move, in CSS pixels.
const SCROLL: i32 = 18;
/// Attribute of what an order can be put down on.
const TARGET: &str = "data-state";

/// A pointer that is down on a card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Drag {
    pointer: i32,
    order: i64,
    from: State,
    start: (i32, i32),
    /// Where it is, once it is dragged.
    at: Option<(i32, i32)>,
}

/// Whether a press there is one on the card, and not on a control.
fn takes_hold(target: Option<EventTarget>, is_mouse: bool) -> bool {
    let Some(target) = target.and_then(|target| target.dyn_into::<Element>().ok()) else { return false };
    let inside = |selector: &str| target.closest(selector).is_ok_and(|found| found.is_some());
    inside(".grip") || is_mouse && !inside("button, input, select, summary")
}

impl Desk {
    /// A pointer goes down on a card.
    pub(super) fn press(self, press: &PointerEvent, order: i64, from: State) {
        if press.button() == 0 && press.is_primary() && takes_hold(press.target(), press.pointer_type() == "mouse") {
            let start = (press.client_x(), press.client_y());
            self.drag.set(Some(Drag { pointer: press.pointer_id(), order, from, start, at: None }));
        }
    }

    fn drag_to(self, moved: &PointerEvent) {
        let Some(drag) = self.drag.get_untracked().filter(|drag| drag.pointer == moved.pointer_id()) else { return };
        let (x, y) = (moved.client_x(), moved.client_y());
        let far = (x - drag.start.0).abs().max((y - drag.start.1).abs());
        if drag.at.is_none() {
            if far < THRESHOLD {
                return;
            }
            self.pick_up(drag.order, drag.from, Means::Pointer);
        }
        self.drag.set(Some(Drag { at: Some((x, y)), ..drag }));
        self.scroll_near_edges(f64::from(x));
        if let Some(carried) = self.carried.get_untracked() {
            self.hold(Carried { over: column_at(x, y), ..carried });
        }
    }

    fn scroll_near_edges(self, x: f64) {
        let Some(board) = self.board.get_untracked() else { return };
        let width = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(f64::MAX);
        if x < EDGE {
            board.set_scroll_left(board.scroll_left() - SCROLL);
        } else if x > width - EDGE {
            board.set_scroll_left(board.scroll_left() + SCROLL);
        }
    }

    /// The click that follows a drag is none: it must not follow the link that the drag began on.
    pub(super) fn swallow(self, click: &MouseEvent) {
        if self.dragged.get_value() {
            click.prevent_default();
        }
    }

    fn release(self, released: &PointerEvent, completes: bool) {
        let Some(drag) = self.drag.get_untracked().filter(|drag| drag.pointer == released.pointer_id()) else { return };
        self.drag.set(None);
        if drag.at.is_some() {
            // The click that follows comes at once, or not at all.
            self.dragged.set_value(true);
            let later = move || {
                self.dragged.try_set_value(false);
            };
            set_timeout(later, Duration::ZERO);
            if completes { self.put_down() } else { self.let_go() }
        }
    }
}

/// The column, or the tab of one, at a place of the window.
fn column_at(x: i32, y: i32) -> Option<State> {
    let element = document().element_from_point(x as f32, y as f32)?;
    let target = element.closest(&format!("[{TARGET}]")).ok().flatten()?;
    target.get_attribute(TARGET)?.parse().ok()
}

/// Follows the pointer over the whole window, for it leaves the card at once.
pub(super) fn follow(desk: Desk) {
    Effect::new(move || {
        let listeners = [
            window_event_listener(ev::pointermove, move |moved| desk.drag_to(&moved)),
            window_event_listener(ev::pointerup, move |released| desk.release(&released, true)),
            window_event_listener(ev::pointercancel, move |cancelled| desk.release(&cancelled, false)),
            window_event_listener(ev::keydown, move |key| {
                if key.key() == "Escape" && desk.drag.with_untracked(|drag| drag.is_some_and(|drag| drag.at.is_some()))
                {
                    desk.drag.set(None);
                    desk.let_go();
                }
            }),
        ];
        on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    });
}

/// The picture of the card that is dragged.
#[component]
pub(super) fn Ghost(desk: Desk) -> impl IntoView {
    let shown =
        Memo::new(move |_| desk.drag.get().filter(|drag| drag.at.is_some()).map(|drag| (drag.from, drag.order)));
    let place = move || {
        let (x, y) = desk.drag.get().and_then(|drag| drag.at).unwrap_or_default();
        format!("translate({x}px, {y}px)")
    };
    let fits = move || {
        desk.carried
            .get()
            .is_some_and(|carried| carried.over.is_some_and(|over| over == carried.from || carried.fits(over)))
    };
    move || {
        let (from, id) = shown.get()?;
        let order = desk.order(from, id)?;
        Some(view! {
            <div class="ghost" class:refused=move || !fits() aria-hidden="true" style:transform=place>
                <strong>{order.id}</strong>
                <span dir="auto">{order.customer_name}</span>
                <span>{format!("{} €", order.total)}</span>
            </div>
        })
    }
}

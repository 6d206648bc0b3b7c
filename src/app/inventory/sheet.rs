//! What the parts of the inventory page share: the rows, what is asked of them, where the person stands in the list.

use super::{
    arrange::{Arrangement, Arranger},
    bulk::{PARAMETER, Picks},
    listing::Listing,
    product::Product,
    turns::Turns,
    window::{self, Viewport},
};
use crate::app::query_map::use_query_map;
use crate::{app::search_text::SearchText, store::Live};
use leptos::wasm_bindgen::JsCast;
use leptos::{
    html,
    prelude::*,
    web_sys::{HtmlElement, HtmlInputElement},
};
use leptos_router::{NavigateOptions, hooks::use_navigate, params::ParamsMap};
use std::{collections::HashMap, time::Duration};

/// How long after the last key the address follows the search box.
const ADDRESS_LAG: Duration = Duration::from_millis(300);

/// Something typed into a quantity and not saved, with what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Draft {
    pub(super) typed: String,
    pub(super) problem: Option<String>,
}

/// Shared by all parts of the page. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sheet {
    pub(super) live: Live<Product>,
    /// Moves at most once per animation frame, however many commits arrive in it.
    pub(super) frame: RwSignal<u64>,
    /// Which part is asked for. The search runs ahead of the address while somebody types.
    pub(super) listing: Memo<Listing>,
    pub(super) search: RwSignal<String>,
    pub(super) arrangement: Memo<Arrangement>,
    /// Which rows are picked.
    pub(super) picks: Picks,
    /// What was typed into rows that are scrolled out of the document.
    pub(super) drafts: StoredValue<HashMap<i64, Draft>>,
    /// Whose write comes when, row by row.
    pub(super) turns: Turns,
    /// The scrolled region around the table.
    pub(super) region: NodeRef<html::Div>,
    /// `None` until the page is mounted.
    pub(super) viewport: RwSignal<Option<Viewport>>,
    /// Rows are being put into another order: a cell that loses the focus now gets it back, and was not left.
    pub(super) moving: StoredValue<bool>,
    /// Height of the sticky header, in CSS pixels.
    pub(super) header: RwSignal<f64>,
    go: Callback<(String, bool)>,
    /// The same search, and when the address follows it.
    typed: SearchText,
}

/// The parameters of the address that say which part is asked for.
pub(super) fn listing_of(query: &ParamsMap) -> Listing {
    Listing::read(|name| query.get_str(name))
}

impl Sheet {
    /// For the calling component, which must be inside of the router.
    pub(super) fn new(live: Live<Product>) -> Self {
        let query = use_query_map();
        let navigate = use_navigate();
        let address = Memo::new(move |_| query.with(listing_of));
        let typed = SearchText::new(Memo::new(move |_| address.with(|listing| listing.search.clone())));
        let listing = Memo::new(move |_| Listing { search: typed.text.get(), ..address.get() });
        let moving = StoredValue::new(false);
        let frame = frames_of(&live, moving);
        Self {
            arrangement: arrangement_of(&live, frame, listing),
            live,
            frame,
            listing,
            search: typed.text,
            picks: Picks::new(query.with_untracked(|query| query.get_str(PARAMETER) == Some("1"))),
            drafts: StoredValue::default(),
            turns: Turns::new(),
            region: NodeRef::new(),
            viewport: RwSignal::new(None),
            moving,
            header: RwSignal::new(0.0),
            go: Callback::new(move |(address, replace): (String, bool)| {
                let options = NavigateOptions { replace, scroll: false, resolve: false, ..NavigateOptions::default() };
                navigate(&address, options);
            }),
            typed,
        }
    }

    /// Leads to another part of the inventory, without a trace in the history.
    pub(super) fn show(&self, listing: &Listing) {
        self.typed.settle(listing.search.clone());
        self.go.run((listing.address(), true));
        self.scroll_to(0.0);
    }

    /// Somebody types into the search box.
    pub(super) fn search_for(&self, text: String) {
        let (listing, go) = (self.listing, self.go);
        self.typed.type_in(text, ADDRESS_LAG, move || go.run((listing.get_untracked().on_page(1).address(), true)));
        self.scroll_to(0.0);
    }

    pub(super) fn scroll_to(&self, top: f64) {
        if let Some(region) = self.region.get_untracked() {
            region.set_scroll_top(top as i32);
        }
        self.viewport.update(|viewport| {
            if let Some(viewport) = viewport {
                viewport.top = top;
            }
        });
    }

    /// The key of the row `steps` below (or above) the row `id`.
    pub(super) fn neighbour(&self, id: i64, steps: isize) -> Option<i64> {
        self.arrangement.with_untracked(|arrangement| {
            let place = arrangement.keys.iter().position(|key| *key == id)?;
            arrangement.keys.get(place.checked_add_signed(steps)?).copied()
        })
    }

    /// Puts the focus on the element `{prefix}-{id}` of the row `id`, scrolling it into the document first.
    pub(super) fn focus(&self, prefix: &'static str, id: i64) {
        let place = self.arrangement.with_untracked(|arrangement| arrangement.keys.iter().position(|key| *key == id));
        if let (Some(place), Some(viewport)) = (place, self.viewport.get_untracked())
            && let Some(top) = window::reveal(place, viewport, self.header.get_untracked())
        {
            self.scroll_to(top);
        }
        request_animation_frame(move || {
            let element = document().get_element_by_id(&format!("{prefix}-{id}"));
            let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) else { return };
            // Fails only if the element is not in the document, and it was found there.
            let _ = element.focus();
            if let Some(input) = element.dyn_ref::<leptos::web_sys::HtmlInputElement>() {
                input.select();
            }
        });
    }
}

/// The element that has the focus, and what is selected in it.
struct Focus {
    element: HtmlElement,
    selection: Option<(u32, u32)>,
}

impl Focus {
    fn now() -> Option<Self> {
        let element = document().active_element()?.dyn_into::<HtmlElement>().ok()?;
        let input = element.dyn_ref::<HtmlInputElement>();
        // Inputs without text have no selection, which is an error to ask for.
        let end = |end: Result<Option<u32>, _>| end.ok().flatten();
        let selection = input.and_then(|input| Some((end(input.selection_start())?, end(input.selection_end())?)));
        Some(Self { element, selection })
    }

    /// Only if nothing else has taken it.
    fn restore(self) {
        let nowhere = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if !nowhere || !self.element.is_connected() {
            return;
        }
        // Fails only for elements that are not in the document.
        let _ = self.element.focus();
        if let (Some(input), Some((start, end))) = (self.element.dyn_ref::<HtmlInputElement>(), self.selection) {
            let _ = input.set_selection_range(start, end);
        }
    }
}

/// A counter that follows the rows' revision, once per animation frame.
///
/// A row that is put elsewhere in the document loses the focus, so what has it is noted before and gets it back after.
fn frames_of(live: &Live<Product>, moving: StoredValue<bool>) -> RwSignal<u64> {
    let frame = RwSignal::new(0);
    let due = StoredValue::new(false);
    let live = live.clone();
    Effect::new(move || {
        let revision = live.revision();
        if revision == 0 || due.get_value() {
            return;
        }
        due.set_value(true);
        let live = live.clone();
        request_animation_frame(move || {
            due.try_set_value(false);
            let focused = Focus::now();
            moving.try_set_value(true);
            frame.try_set(untrack(|| live.revision()));
            // After the effects of this, which are all due before the next timer.
            set_timeout(
                move || {
                    focused.into_iter().for_each(Focus::restore);
                    moving.try_set_value(false);
                },
                Duration::ZERO,
            );
        });
    });
    frame
}

fn arrangement_of(live: &Live<Product>, frame: RwSignal<u64>, listing: Memo<Listing>) -> Memo<Arrangement> {
    let asked = Memo::new(move |_| listing.with(|listing| listing.on_page(1)));
    let live = live.clone();
    Memo::new(move |before: Option<&Arrangement>| {
        frame.track();
        let now = asked.with(|asked| {
            let mut arranger = Arranger::new(asked);
            live.for_each(|row| arranger.take(row));
            arranger.finish()
        });
        match before {
            Some(before) => now.sharing(before),
            None => now,
        }
    })
}

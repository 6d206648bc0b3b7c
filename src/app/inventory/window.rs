//! Which slice of a long list is in the document. Pure.

use std::ops::Range;

/// Rows that the server renders, and a page of the list without JavaScript.
pub const PAGE_ROWS: usize = 100;
/// Rows kept above and below what is visible, so that a fast scroll shows rows and not a void.
pub const OVERSCAN_ROWS: usize = 12;

/// What the browser measured, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// How far the list is scrolled.
    pub top: f64,
    /// How much of it is visible.
    pub height: f64,
    /// Height of each row.
    pub row: f64,
}

/// The rows that page `page` (from one) shows.
pub fn page(rows: usize, page: usize) -> Range<usize> {
    let start = (page.clamp(1, pages(rows)) - 1) * PAGE_ROWS;
    start..(start + PAGE_ROWS).min(rows)
}

/// How many pages there are; at least one.
pub fn pages(rows: usize) -> usize {
    rows.div_ceil(PAGE_ROWS).max(1)
}

/// The rows that are visible, and some around them. The start moves in steps, so that scrolling by a pixel changes nothing.
pub fn visible(rows: usize, viewport: Viewport) -> Range<usize> {
    if viewport.row <= 0.0 {
        return page(rows, 1);
    }
    // Casts of floats saturate; a list that shrank while it was scrolled far down starts at its last rows.
    let first = ((viewport.top / viewport.row) as usize).min(rows);
    let count = (viewport.height / viewport.row).ceil() as usize + 1;
    let last = first.saturating_add(count).min(rows);
    let first = first.min(last.saturating_sub(count));
    let step = OVERSCAN_ROWS / 2;
    let start = first.saturating_sub(OVERSCAN_ROWS) / step * step;
    let end = last.saturating_add(OVERSCAN_ROWS).div_ceil(step) * step;
    start..end.min(rows)
}

/// How far to scroll so that row `index` is wholly visible, if it is not. `header` covers the top of the list.
pub fn reveal(index: usize, viewport: Viewport, header: f64) -> Option<f64> {
    let top = index as f64 * viewport.row;
    let bottom = top + viewport.row;
    let room = viewport.height - header;
    if top < viewport.top {
        Some(top)
    } else if bottom > viewport.top + room {
        Some(bottom - room)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(top: f64) -> Viewport {
        Viewport { top, height: 400.0, row: 40.0 }
    }

    #[test]
    fn pages_cover_the_list_without_gap_or_overlap() {
        assert_eq!([page(250, 1), page(250, 2), page(250, 3)], [0..100, 100..200, 200..250]);
        assert_eq!([page(250, 0), page(250, 99), page(0, 1)], [0..100, 200..250, 0..0]);
        assert_eq!([pages(0), pages(100), pages(101)], [1, 1, 2]);
    }

    #[test]
    fn what_is_visible_is_in_the_window_everywhere() {
        for top in 0..400 {
            let top = f64::from(top * 1_000);
            let window = visible(10_000, at(top));
            let first = (top / 40.0) as usize;
            assert!(window.start <= first && window.end >= (first + 11).min(10_000), "{top}: {window:?}");
            assert!(window.len() <= 11 + 2 * OVERSCAN_ROWS + OVERSCAN_ROWS, "{top}: {window:?}");
        }
    }

    #[test]
    fn the_ends_of_the_list_are_the_ends_of_the_window() {
        assert_eq!(visible(10_000, at(0.0)).start, 0);
        assert_eq!(visible(10_000, at(399_600.0)).end, 10_000);
        assert_eq!(visible(5, at(0.0)), 0..5);
        assert_eq!(visible(0, at(0.0)), 0..0);
    }

    #[test]
    fn a_list_that_shrank_under_the_scroll_position_shows_its_last_rows() {
        assert_eq!(visible(5, at(100_000.0)), 0..5);
        assert_eq!(visible(100, at(100_000.0)).end, 100);
        assert!(visible(100, at(100_000.0)).start < 90);
    }

    #[test]
    fn scrolling_by_a_row_mostly_changes_nothing() {
        assert_eq!(visible(10_000, at(4_000.0)), visible(10_000, at(4_039.0)));
    }

    #[test]
    fn a_row_is_revealed_by_the_shortest_way() {
        assert_eq!(reveal(3, at(0.0), 40.0), None);
        assert_eq!(reveal(3, at(400.0), 40.0), Some(120.0));
        assert_eq!(reveal(9, at(0.0), 40.0), Some(40.0));
    }
}

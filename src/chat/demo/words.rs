//! What people of the demo said, made up.

/// One thing that was said.
pub(super) struct Line {
    /// So many minutes ago.
    pub(super) minutes: i64,
    /// By whom.
    pub(super) who: &'static str,
    pub(super) text: &'static str,
}

const fn line(minutes: i64, who: &'static str, text: &'static str) -> Line {
    Line { minutes, who, text }
}

const ADA: &str = "Ada Admin";
const SAM: &str = "Sam Staff";
const CLEO: &str = "Cleo Customer";
const DAY: i64 = 24 * 60;

/// Rooms: their names, what they are about, what was said.
pub(super) const ROOMS: [(&str, &str, &[Line]); 2] =
    [("General", "For everybody who works here", GENERAL), ("Warehouse", "Shelves, deliveries, stock", WAREHOUSE)];

const GENERAL: &[Line] = &[
    line(
        6 * DAY + 130,
        ADA,
        "Welcome! What is said here is for all of us. For two people there are private conversations.",
    ),
    line(6 * DAY + 121, SAM, "Hello everybody 👋"),
    line(5 * DAY + 400, ADA, "The new labels for aisle A arrive on Thursday."),
    line(5 * DAY + 396, SAM, "Good. I will be there from seven."),
    line(4 * DAY + 210, SAM, "Who has the key to the cage?"),
    line(4 * DAY + 203, ADA, "It hangs behind the counter, where it always does."),
    line(4 * DAY + 202, SAM, "Found it, thanks."),
    line(3 * DAY + 300, ADA, "Numbers of the week: 41 orders, 3 came back. All three were the wrong size of screws."),
    line(3 * DAY + 288, SAM, "The two boxes look alike. I have put a red dot on the long ones."),
    line(3 * DAY + 280, ADA, "That helps, thank you."),
    line(
        2 * DAY + 190,
        SAM,
        "For those who write scripts, the list of what is scarce:\n```sql\nselect sku, quantity\nfrom products\nwhere quantity <= reorder_level\norder by quantity;\n```",
    ),
    line(2 * DAY + 186, ADA, "Nice. The page does it too: `/?low=1`, and it is live."),
    line(DAY + 340, ADA, "From Monday on we close at six."),
    line(DAY + 335, SAM, "Does that go for deliveries, too?"),
    line(DAY + 331, ADA, "Deliveries until five."),
    line(
        180,
        SAM,
        "How notifications work is written down in https://www.postgresql.org/docs/current/sql-notify.html for those who asked.",
    ),
    line(96, ADA, "@Sam Staff can you look at the order from yesterday evening? It is paid and nobody has picked it."),
    line(95, ADA, "The customer asked twice."),
];

const WAREHOUSE: &[Line] = &[
    line(3 * DAY + 90, SAM, "Delivery of hex bolts is in, 12 boxes. Two are damp."),
    line(3 * DAY + 84, ADA, "Put them aside, I will write to the supplier."),
    line(2 * DAY + 61, ADA, "They send two new ones."),
    line(DAY + 75, SAM, "B-04 is full. The rest stands in B-05 until there is room."),
    line(42, SAM, "Counted aisle C, everything agrees."),
];

/// Conversations of two people who have accounts.
pub(super) const PRIVATE: [([&str; 2], &[Line]); 2] = [
    (
        [ADA, SAM],
        &[
            line(2 * DAY + 30, ADA, "Do you want to take the early shift next week?"),
            line(2 * DAY + 22, SAM, "Tuesday and Wednesday, gladly."),
            line(2 * DAY + 21, ADA, "Noted."),
        ],
    ),
    (
        [CLEO, SAM],
        &[
            line(DAY + 50, CLEO, "Hello, can my order be sent on Friday?"),
            line(DAY + 44, SAM, "Hello Cleo, yes. It is packed and leaves on Friday morning."),
            line(31, CLEO, "Perfect, thank you!"),
        ],
    ),
];

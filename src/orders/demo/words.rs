//! The words that the demo's orders are made of.

/// Customers without accounts: those who order by telephone or in the web shop.
pub(super) const CUSTOMERS: &[&str] = &[
    "Brandt & Söhne Tischlerei",
    "Okafor Electrical",
    "Novák Facility Services",
    "Lindqvist Båtvarv",
    "Atelier Moreau",
    "Hartley Roofing Ltd",
    "Rossi Carrozzeria",
    "Kowalska Ogrody",
    "De Vries Fietsen",
    "Tanaka Instruments",
    "O'Connell Dairy",
    "Stadtwerke Kesselbach",
    "Mbeki Solar",
    "Café Nordlicht",
    "Fernández Climatización",
    "Haddad & Partners",
    "Petersen Maskinfabrik",
    "Silva Construções",
    "Yıldız Mobilya",
    "Murray Joinery",
    "Theatre Royal workshop",
    "Grundschule am Park",
];

/// What customers write to an order; most write nothing.
pub(super) const NOTES: &[&str] = &[
    "Please ring at the side door.",
    "Needed before Friday, if that is possible.",
    "Deliver to building C, goods inwards.",
    "Please send the invoice to accounts, not with the parcel.",
    "Same as last month.",
    "No plastic wrapping, please.",
];

/// Why orders are given up.
pub(super) const CANCELLED: &[&str] = &[
    "Ordered twice by mistake.",
    "No longer needed.",
    "Found it cheaper elsewhere.",
    "Customer asked for another size.",
    "Not paid after two reminders.",
];

/// Why they come back.
pub(super) const RETURNED: &[&str] = &[
    "Wrong size ordered.",
    "Damaged on the way.",
    "Refused at the door.",
    "Colour does not match.",
    "Surplus of a finished job.",
];

/// What those who work here note now and then.
pub(super) const REMARKS: &[&str] =
    &["Two parcels.", "Heavy: pallet.", "Checked twice.", "Shelf was empty, taken from reserve."];

/// Who carries parcels, and what their numbers begin with.
pub(super) const CARRIERS: &[(&str, &str)] =
    &[("DHL", "00340"), ("DPD", "01505"), ("GLS", "5097"), ("UPS", "1Z8F4"), ("Own van", "V-")];

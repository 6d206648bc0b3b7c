//! The words that the demo's products are made of.

/// A category of the demo.
pub(super) struct Category {
    pub(super) name: &'static str,
    /// First part of the SKU.
    pub(super) code: &'static str,
    /// Where in the warehouse.
    pub(super) aisle: char,
    /// Pieces that leave in a week or so: quantities and reorder levels follow from it.
    pub(super) turnover: i32,
    pub(super) features: &'static [&'static str],
    pub(super) kinds: &'static [Kind],
}

/// A kind of product.
pub(super) struct Kind {
    pub(super) noun: &'static str,
    /// Second part of the SKU.
    pub(super) code: &'static str,
    pub(super) sizes: &'static [&'static str],
    /// Lowest and highest price of the smallest size, in hundredths.
    pub(super) price: (u64, u64),
}

const fn kind(noun: &'static str, code: &'static str, price: (u64, u64), sizes: &'static [&'static str]) -> Kind {
    Kind { noun, code, sizes, price }
}

const METRIC: &[&str] = &["M3 × 12", "M4 × 20", "M5 × 25", "M6 × 30", "M8 × 40", "M10 × 60", "M12 × 80"];
const METRES: &[&str] = &["0.5 m", "1 m", "2 m", "3 m", "5 m", "10 m", "25 m"];
const LITRES: &[&str] = &["0.25 l", "0.5 l", "1 l", "2.5 l", "5 l", "10 l"];
const CLOTHES: &[&str] = &["S", "M", "L", "XL", "XXL"];
const PACKS: &[&str] = &["pack of 5", "pack of 10", "pack of 25", "pack of 50", "pack of 100"];
const MILLIMETRES: &[&str] = &["60 mm", "90 mm", "120 mm", "160 mm", "200 mm", "250 mm"];
const WATTS: &[&str] = &["4 W", "7 W", "10 W", "15 W", "24 W", "36 W"];
const BOXES: &[&str] = &["200 × 150 × 100", "300 × 200 × 150", "400 × 300 × 200", "600 × 400 × 300", "800 × 600 × 400"];
const SEATS: &[&str] = &["", "with armrests", "on castors", "extra high"];
const INCHES: &[&str] = &["⅜ in", "½ in", "¾ in", "1 in", "1¼ in"];

pub(super) const CATEGORIES: [Category; 10] = [
    Category {
        name: "Fasteners",
        code: "FA",
        aisle: 'A',
        turnover: 1_600,
        features: &[
            "Zinc-plated",
            "Stainless A2",
            "Stainless A4",
            "Brass",
            "Black oxide",
            "Galvanised",
            "Nylon",
            "Titanium",
            "Copper-plated",
        ],
        kinds: &[
            kind("hex bolt", "HXB", (9, 60), METRIC),
            kind("wood screw", "WDS", (4, 30), METRIC),
            kind("machine screw", "MCS", (6, 40), METRIC),
            kind("lock nut", "LKN", (5, 35), &["M3", "M4", "M5", "M6", "M8", "M10", "M12"]),
            kind("washer", "WSH", (2, 12), &["M3", "M4", "M5", "M6", "M8", "M10", "M12"]),
            kind("threaded rod", "THR", (120, 480), &["M6 × 1000", "M8 × 1000", "M10 × 1000", "M12 × 1000"]),
        ],
    },
    Category {
        name: "Hand tools",
        code: "HT",
        aisle: 'B',
        turnover: 40,
        features: &[
            "Forged",
            "Insulated",
            "Chrome vanadium",
            "Compact",
            "Heavy-duty",
            "Precision",
            "Non-sparking",
            "Soft-grip",
            "Magnetic",
            "Left-handed",
        ],
        kinds: &[
            kind("claw hammer", "HAM", (890, 2_400), &["300 g", "450 g", "600 g"]),
            kind("combination pliers", "PLI", (790, 3_200), &["160 mm", "180 mm", "200 mm"]),
            kind("screwdriver", "SCD", (290, 1_400), &["PH1", "PH2", "PH3", "PZ2", "TX20", "TX25", "5.5 mm"]),
            kind("open-end spanner", "SPN", (340, 1_600), &["8 mm", "10 mm", "13 mm", "17 mm", "19 mm", "24 mm"]),
            kind("spirit level", "LVL", (990, 3_900), &["400 mm", "600 mm", "1000 mm", "2000 mm"]),
            kind("tape measure", "TAP", (390, 1_900), &["3 m", "5 m", "8 m", "10 m"]),
        ],
    },
    Category {
        name: "Power tools",
        code: "PT",
        aisle: 'C',
        turnover: 12,
        features: &[
            "Brushless",
            "Corded",
            "Cordless 12 V",
            "Cordless 18 V",
            "Industrial",
            "Compact",
            "Low-vibration",
            "Variable-speed",
            "Refurbished",
        ],
        kinds: &[
            kind("drill driver", "DRL", (6_900, 18_900), &["40 Nm", "60 Nm", "90 Nm"]),
            kind("angle grinder", "GRN", (4_900, 14_900), &["115 mm", "125 mm", "230 mm"]),
            kind("jigsaw", "JIG", (5_900, 17_900), &["500 W", "650 W", "800 W"]),
            kind("rotary hammer", "RTH", (9_900, 28_900), &["2.2 J", "3.2 J", "5.5 J"]),
            kind("belt sander", "SND", (5_400, 15_900), &["75 mm", "100 mm"]),
            kind("circular saw", "CSW", (7_900, 21_900), &["160 mm", "190 mm", "235 mm"]),
            kind("impact wrench", "IMP", (8_900, 26_900), &["200 Nm", "400 Nm", "900 Nm"]),
            kind("planer", "PLA", (7_400, 19_900), &["82 mm", "110 mm"]),
            kind("heat gun", "HTG", (2_900, 8_900), &["1600 W", "2000 W"]),
        ],
    },
    Category {
        name: "Electrical",
        code: "EL",
        aisle: 'D',
        turnover: 120,
        features: &[
            "Halogen-free",
            "Shielded",
            "Flexible",
            "Outdoor",
            "White",
            "Black",
            "Flame-retardant",
            "UV-resistant",
            "Grey",
        ],
        kinds: &[
            kind("extension lead", "EXT", (490, 1_600), METRES),
            kind("network cable Cat 6", "NET", (190, 900), METRES),
            kind("circuit breaker", "BRK", (290, 1_900), &["B6", "B10", "B16", "C16", "C20", "C32"]),
            kind("junction box", "JBX", (120, 690), &["75 × 75", "85 × 85", "100 × 100", "150 × 110"]),
            kind("cable tie", "TIE", (90, 390), PACKS),
            kind("wall socket", "SOC", (240, 1_290), &["single", "double", "triple", "with USB"]),
        ],
    },
    Category {
        name: "Lighting",
        code: "LI",
        aisle: 'E',
        turnover: 60,
        features: &[
            "Warm white",
            "Neutral white",
            "Daylight",
            "Dimmable",
            "Emergency",
            "Splash-proof",
            "Motion-sensing",
            "Flicker-free",
            "Colour-tunable",
        ],
        kinds: &[
            kind("LED bulb E27", "BLB", (190, 890), WATTS),
            kind("LED panel", "PNL", (1_900, 5_900), WATTS),
            kind("batten light", "BAT", (1_290, 3_900), &["600 mm", "1200 mm", "1500 mm"]),
            kind("work light", "WRK", (1_490, 6_900), WATTS),
            kind("downlight", "DWN", (690, 2_900), WATTS),
        ],
    },
    Category {
        name: "Plumbing",
        code: "PL",
        aisle: 'F',
        turnover: 90,
        features: &["Brass", "Copper", "Chrome", "Stainless", "PVC", "Nickel-plated", "Bronze", "PEX", "Lead-free"],
        kinds: &[
            kind("ball valve", "BLV", (490, 2_400), INCHES),
            kind("elbow 90°", "ELB", (90, 590), INCHES),
            kind("T-piece", "TEE", (120, 690), INCHES),
            kind("flexible hose", "HOS", (390, 1_490), &["300 mm", "500 mm", "800 mm", "1000 mm"]),
            kind("pipe clip", "CLP", (30, 190), INCHES),
            kind("basin tap", "TAP", (2_900, 12_900), &["low", "high", "wall-mounted"]),
        ],
    },
    Category {
        name: "Paint & adhesives",
        code: "PA",
        aisle: 'G',
        turnover: 50,
        features: &[
            "Matt white",
            "Silk white",
            "Anthracite",
            "Clear",
            "Quick-drying",
            "Solvent-free",
            "Signal red",
            "Moss green",
            "Weatherproof",
        ],
        kinds: &[
            kind("wall paint", "WLP", (690, 1_900), LITRES),
            kind("metal primer", "PRM", (790, 2_100), LITRES),
            kind("wood varnish", "VRN", (890, 2_400), LITRES),
            kind("wood glue", "GLU", (290, 890), LITRES),
            kind("silicone sealant", "SIL", (390, 990), &["300 ml", "310 ml", "600 ml"]),
        ],
    },
    Category {
        name: "Safety",
        code: "SA",
        aisle: 'H',
        turnover: 80,
        features: &[
            "Hi-vis orange",
            "Hi-vis yellow",
            "Cut-resistant",
            "Waterproof",
            "Lightweight",
            "Fleece-lined",
            "Antistatic",
            "Flame-retardant",
            "Breathable",
        ],
        kinds: &[
            kind("work gloves", "GLV", (190, 1_290), CLOTHES),
            kind("safety vest", "VST", (390, 1_490), CLOTHES),
            kind("rain jacket", "JKT", (2_900, 8_900), CLOTHES),
            kind("safety shoes", "SHO", (3_900, 11_900), &["38", "40", "41", "42", "43", "44", "46"]),
            kind("ear defenders", "EAR", (690, 3_900), &["24 dB", "28 dB", "33 dB"]),
        ],
    },
    Category {
        name: "Packaging",
        code: "PK",
        aisle: 'J',
        turnover: 700,
        features: &[
            "Single-wall",
            "Double-wall",
            "Recycled",
            "Kraft",
            "Padded",
            "White",
            "Extra-strong",
            "Compostable",
            "Printed",
            "Moisture-proof",
        ],
        kinds: &[
            kind("shipping box", "BOX", (39, 160), BOXES),
            kind("mailing bag", "BAG", (9, 59), &["C5", "C4", "B4", "A3"]),
            kind("packing tape", "TPE", (129, 390), &["25 m", "50 m", "66 m", "100 m"]),
            kind("corner protector", "COR", (5, 29), PACKS),
            kind("document pouch", "DOC", (4, 19), &["C6", "DL", "C5", "C4"]),
            kind("stretch film", "FLM", (690, 1_490), &["150 m", "300 m"]),
            kind("bubble wrap", "BUB", (490, 1_290), METRES),
        ],
    },
    Category {
        name: "Workshop furniture",
        code: "WF",
        aisle: 'K',
        turnover: 8,
        features: &[
            "Steel",
            "Beech",
            "Galvanised",
            "Anti-static",
            "Light grey",
            "Blue",
            "Height-adjustable",
            "Folding",
            "Stackable",
            "Anthracite",
        ],
        kinds: &[
            kind("workbench", "BEN", (14_900, 49_900), &["1200 mm", "1500 mm", "2000 mm"]),
            kind("shelf unit", "SHF", (5_900, 18_900), &["4 levels", "5 levels", "6 levels"]),
            kind("drawer cabinet", "DRW", (8_900, 24_900), &["12 drawers", "24 drawers", "36 drawers", "48 drawers"]),
            kind("pegboard", "PEG", (1_900, 5_900), &["500 × 500", "1000 × 500", "1000 × 1000"]),
            kind("stacking bin", "BIN", (190, 890), MILLIMETRES),
            kind("tool trolley", "TRL", (12_900, 39_900), &["3 drawers", "5 drawers", "7 drawers"]),
            kind("work stool", "STL", (4_900, 16_900), SEATS),
        ],
    },
];

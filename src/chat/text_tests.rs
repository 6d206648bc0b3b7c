//! What becomes of texts, friendly and hostile.

use super::*;
use std::time::{Duration, Instant};

fn names() -> Vec<String> {
    vec!["Sam Staff".to_owned()]
}

fn line(text: &str) -> Vec<Inline> {
    match blocks(text, &names()).as_slice() {
        [Block::Text(parts)] => parts.clone(),
        other => panic!("{other:?}"),
    }
}

fn links(text: &str) -> Vec<String> {
    let blocks = blocks(text, &names());
    let parts = blocks.into_iter().flat_map(|block| match block {
        Block::Text(parts) => parts,
        Block::Code(_) => Vec::new(),
    });
    parts.filter_map(|part| if let Inline::Link(link) = part { Some(link) } else { None }).collect()
}

/// All that is shown, put together again.
fn shown(text: &str) -> String {
    let part = |part: &Inline| match part {
        Inline::Text(text) | Inline::Link(text) | Inline::Code(text) => text.clone(),
        Inline::Name(name) => format!("@{name}"),
    };
    let block = |block: &Block| match block {
        Block::Text(parts) => parts.iter().map(part).collect(),
        Block::Code(code) => code.clone(),
    };
    blocks(text, &names()).iter().map(block).collect::<Vec<String>>().join("\n")
}

fn text(words: &str) -> Inline {
    Inline::Text(words.to_owned())
}

fn code(words: &str) -> Inline {
    Inline::Code(words.to_owned())
}

#[test]
fn a_line_is_words_links_code_and_names() {
    assert_eq!(
        line("See https://example.org/a?b=c#d, `let x`, @Sam Staff!"),
        [
            text("See "),
            Inline::Link("https://example.org/a?b=c#d".to_owned()),
            text(", "),
            code("let x"),
            text(", "),
            Inline::Name("Sam Staff".to_owned()),
            text("!"),
        ]
    );
    assert_eq!(line("a\nb"), [text("a\nb")]);
}

#[test]
fn only_addresses_of_the_web_are_links() {
    for none in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "ftp://example.org",
        "file:///etc/passwd",
        "//example.org",
        "www.example.org",
        "mailto:a@example.org",
        "http:/example.org",
        "http:\\\\example.org",
        "http://",
        "https:// example.org",
        "https://@example.org",
        "https://bank.example@evil.example/",
        "xhttp://example.org",
        "1https://example.org",
        "https://-",
        "https://<script>",
        "https://\u{202e}example.org",
        "<a href='x'>",
    ] {
        assert_eq!(links(none), Vec::<String>::new(), "{none:?}");
    }
    assert_eq!(links("HTTPS://Example.org/Ä?ö"), ["HTTPS://Example.org/Ä?ö"]);
    assert_eq!(links("(http://a.example)http://b.example"), ["http://a.example)http://b.example"]);
    assert_eq!(links("http://[::1]:3000/"), ["http://[::1]:3000/"]);
}

#[test]
fn an_address_ends_where_it_was_meant_to() {
    for (written, link) in [
        ("https://example.org.", "https://example.org"),
        ("https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("(see https://example.org/a_(b))", "https://example.org/a_(b)"),
        ("[https://example.org]", "https://example.org"),
        ("https://example.org/?q=1&x=2!?", "https://example.org/?q=1&x=2"),
        ("<https://example.org/>", "https://example.org/"),
        ("\"https://example.org\"", "https://example.org"),
        ("*https://example.org*", "https://example.org"),
        ("https://example.org/\u{202e}gpj.exe", "https://example.org/"),
        ("https://example.org/a\u{200b}b", "https://example.org/a"),
        ("https://example.org/`x`", "https://example.org/"),
    ] {
        assert_eq!(links(written), [link], "{written:?}");
    }
}

#[test]
fn an_address_that_is_very_long_is_words() {
    let long = format!("https://example.org/{}", "a".repeat(MAX_LINK));
    assert_eq!(line(&long), [text(&long)]);
}

#[test]
fn code_is_what_stands_between_as_many_backticks() {
    assert_eq!(line("`a` `b`"), [code("a"), text(" "), code("b")]);
    assert_eq!(line("`` a`b ``"), [code("a`b")]);
    assert_eq!(line("`https://example.org @Sam Staff`"), [code("https://example.org @Sam Staff")]);
    for plain in ["`", "``", "`a", "a`", "` `", "`a``", "`a\nb`", "``` a ```"] {
        assert_eq!(line(plain), [text(plain)], "{plain:?}");
    }
    assert_eq!(line("`a\n`b`"), [text("`a\n"), code("b")]);
    assert_eq!(line("```x``` `y`"), [text("```x``` "), code("y")]);
}

#[test]
fn blocks_of_code_are_between_fences_and_nothing_in_them_means_anything() {
    let block = "before\n```rust\nlet a = `b`; // https://example.org\n\n  @Sam Staff\n```\nafter";
    assert_eq!(
        blocks(block, &names()),
        [
            Block::Text(vec![text("before")]),
            Block::Code("let a = `b`; // https://example.org\n\n  @Sam Staff".to_owned()),
            Block::Text(vec![text("after")]),
        ]
    );
    assert_eq!(blocks("```\na\n```", &[]), [Block::Code("a".to_owned())]);
    assert_eq!(blocks("```\n```", &[]), [Block::Code(String::new())]);
    for open in ["```\na", "a\n```", "a ```\nb\n```", "```\na\n``` b"] {
        assert_eq!(blocks(open, &[]), [Block::Text(vec![text(open)])], "{open:?}");
    }
    // The second of three opens the next.
    assert_eq!(blocks("```\na\n```\n```\nb", &[]), [Block::Code("a".to_owned()), Block::Text(vec![text("```\nb")])]);
}

#[test]
fn nothing_that_is_written_is_lost_or_becomes_something_else() {
    for written in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt; &amp; &#60;",
        "\u{202e}txet sdrawkcab\u{202c}",
        "\u{2066}isolated",
        "שלום https://example.org עולם",
        "@Sam Staffx @sam staff",
        "a\t b\n\n\nc",
        "👩‍👩‍👧‍👦 @",
        "https://example.org?q=\"><script>",
    ] {
        assert_eq!(shown(written), written);
    }
}

#[test]
fn no_text_takes_long() {
    let long = [
        "`".repeat(4_000),
        "` ``".repeat(1_000),
        "`a".repeat(2_000),
        "@".repeat(4_000),
        "@Sam ".repeat(800),
        "http://".repeat(570),
        format!("http://a{}", ")".repeat(3_990)),
        "```\n".repeat(1_000),
        "```x\n".repeat(800),
        "`\n``\n".repeat(800),
        "(".repeat(4_000),
        "\u{202e}".repeat(4_000),
        "𝕏".repeat(4_000),
    ];
    let begun = Instant::now();
    for text in &long {
        assert!(!shown(text).is_empty());
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

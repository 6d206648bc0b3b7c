//! What may know what. `src/ARCHITECTURE.md` says why.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SRC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

fn files(below: &str, extension: &str) -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, extension: &str, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, extension, found);
            } else if path.extension().is_some_and(|own| own == extension) {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path.strip_prefix(SRC).expect("below src").to_owned(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(SRC).join(below), extension, &mut found);
    assert!(!found.is_empty(), "{below} has no files");
    found
}

/// Without comments, and without what is only for tests.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    body.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.to_string_lossy().ends_with("tests.rs")
}

/// Nothing in these folders mentions any of these words.
fn never(below: &str, words: &[&str]) {
    for (path, text) in files(below, "rs").into_iter().filter(|(path, _)| !is_test(path)) {
        for word in words {
            assert!(!code(&text).contains(word), "{} mentions {word}", path.display());
        }
    }
}

#[test]
fn the_protocol_imports_nothing_of_ours() {
    never("protocol", &["crate::"]);
}

#[test]
fn the_hub_does_no_input_or_output() {
    never("hub", &["sqlx", "axum", "leptos", "crate::socket", "crate::changelog", "crate::store"]);
}

/// Poolers give a session to many. `changelog::statement` says why this is needed.
#[test]
fn what_the_engine_asks_leaves_nothing_behind_in_a_session() {
    for stage in ["changelog", "capture", "ledger"] {
        for (path, text) in files(stage, "rs") {
            // The one makes what all others use, the other has a session of its own.
            if path.ends_with("changelog/statement.rs") || path.ends_with("changelog/doorbell.rs") {
                continue;
            }
            for word in ["sqlx::query", "pool.begin", ".execute(pool)", ".fetch_one(pool)", ".fetch_all(pool)"] {
                assert!(!code(&text).contains(word), "{} mentions {word}", path.display());
            }
        }
    }
}

#[test]
fn the_engine_does_not_know_the_app() {
    for stage in ["protocol", "hub", "changelog", "capture", "ledger", "socket", "store", "identity"] {
        never(stage, &["crate::app", "app::"]);
    }
}

#[test]
fn the_browsers_logic_knows_no_browser() {
    for name in ["alarm", "backoff", "machine", "replica", "staging", "row", "query", "group", "place"] {
        let text = fs::read_to_string(Path::new(SRC).join(format!("store/{name}.rs"))).expect("a file");
        for word in ["web_sys", "js_sys", "gloo", "leptos", "cfg(feature"] {
            assert!(!code(&text).contains(word), "store/{name}.rs mentions {word}");
        }
    }
}

#[test]
fn only_the_changelog_reads_the_changelog() {
    let allowed = |path: &Path| {
        path.starts_with("changelog")
            || path.starts_with("migrations")
            || path == Path::new("capture/list.sql")
            || path == Path::new("capture/mod.rs")
            || is_test(path)
    };
    for extension in ["rs", "sql"] {
        for (path, text) in files("", extension) {
            // A table of the configuration file has a similar name.
            let text = text.replace("rowcast.changelog", "");
            assert!(
                allowed(&path) || !code(&text).contains("rowcast.change"),
                "{} reads the changelog",
                path.display()
            );
        }
    }
}

#[test]
fn only_the_socket_and_the_transport_know_websockets() {
    for (path, text) in files("", "rs") {
        let knows = ["WebSocket", "tungstenite", "extract::ws"].iter().any(|word| code(&text).contains(word));
        let may = path.starts_with("socket") || path == Path::new("store/transport.rs") || is_test(&path);
        assert!(may || !knows, "{} knows WebSockets", path.display());
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    for (path, text) in files("", "rs") {
        assert!(text.starts_with("//!") || text.starts_with("#![doc"), "{} does not", path.display());
    }
}

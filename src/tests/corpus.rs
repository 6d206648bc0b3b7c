//! What the fuzzers found worth keeping is tried again on every run. `make fuzz` looks for more.

#[path = "../../fuzz/src/exercise.rs"]
mod exercise;

use std::{fs, path::Path};

/// So that the corpus stays small: minimise it before adding to it.
const MOST_INPUTS: usize = 250;

fn replay(target: &str, exercise: fn(&[u8])) -> usize {
    let inputs =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)).expect("a corpus");
    let paths: Vec<_> = inputs.map(|input| input.expect("an input").path()).collect();
    assert!(paths.len() > 20, "{target} has no corpus");
    for path in &paths {
        let input = fs::read(path).expect("bytes");
        let outcome = std::panic::catch_unwind(|| exercise(&input));
        assert!(outcome.is_ok(), "{} breaks it: {:?}", path.display(), String::from_utf8_lossy(&input));
    }
    paths.len()
}

#[test]
fn every_input_that_the_fuzzers_kept_is_harmless() {
    let inputs =
        replay("frames", exercise::frame) + replay("filters", exercise::filter) + replay("words", exercise::words);
    assert!(inputs <= MOST_INPUTS, "{inputs}");
}

//! Runs [`exercise::words`] on whatever the fuzzer invents.
#![no_main]

#[path = "../src/exercise.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|input: &[u8]| exercise::words(input));

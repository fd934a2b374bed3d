#![no_main]
//! Any text, with and without a known identity.
//!
//! `cargo +nightly fuzz run anonymize -- -max_total_time=600`

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| report_anonymizer_fuzz::check(text));

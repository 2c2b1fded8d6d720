//! `merge` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| rulemark_fuzz::merge(input));

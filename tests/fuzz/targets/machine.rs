//! The whole server under a random schedule of inputs and clock steps, beside a model.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| callqr::proto::turn::testing::schedule::run(bytes));

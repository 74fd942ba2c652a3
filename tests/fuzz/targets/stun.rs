//! Any bytes as a message.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| callqr::proto::turn::testing::targets::stun(bytes));

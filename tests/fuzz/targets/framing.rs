//! Any bytes as a stream: frames never reach beyond what is there, and cutting the stream elsewhere changes nothing.
#![no_main]

use callqr::proto::stun::frame::{LONGEST_FRAME, Next, next};
use libfuzzer_sys::fuzz_target;

fn frames(mut bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut frames = Vec::new();
    loop {
        match next(bytes) {
            Next::Frame { len, taken } => {
                assert!(len > 0 && len <= taken && taken <= bytes.len());
                frames.push(&bytes[..len]);
                bytes = &bytes[taken..];
            }
            Next::Need(needed) => {
                assert!(needed > bytes.len() && needed <= LONGEST_FRAME);
                return (frames, false);
            }
            Next::Broken => return (frames, true),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (whole, broken) = frames(bytes);
    for cut in [bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let (early, _) = frames(&bytes[..cut]);
        assert!(whole.starts_with(&early), "a frame that is complete early is the same later");
    }
    assert!(broken || whole.iter().map(|frame| frame.len()).sum::<usize>() <= bytes.len());
});

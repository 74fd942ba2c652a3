//! Bytes from the operating system's generator, for identifiers, tokens, salts and credentials.

/// `N` unpredictable bytes.
///
/// # Panics
/// When the operating system has no randomness to give; there is no safe way to go on without it.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    getrandom::fill(&mut out).expect("the operating system provides randomness");
    out
}

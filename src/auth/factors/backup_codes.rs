//! Recovery codes: ten on paper, each good once in place of the second factor.
//!
//! A code has 80 random bits, so a keyed hash is as good a guard as a slow one: there is nothing to guess. The letters
//! are Crockford's, who left out those that people confuse, and reading folds them as he said (O is 0, I and L are 1).

use crate::domain::credentials::secret::Secret;
use crate::domain::random;

/// How many there are.
pub const COUNT: usize = 10;
/// Bytes of one code.
const BYTES: usize = 10;
/// Characters of one group.
const GROUP: usize = 4;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What a recovery code stands for.
pub type Code = Secret<[u8; BYTES]>;

/// Ten new ones.
pub fn codes() -> [Code; COUNT] {
    std::array::from_fn(|_| Secret::new(random::bytes()))
}

/// A code as it is printed: four groups of four.
pub fn print(code: &Code) -> Secret<String> {
    let mut text = String::with_capacity(19);
    for at in 0..16 {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(quintet(code.expose(), at))]));
    }
    Secret::new(text)
}

/// The code that somebody typed, in either case, with or without its dashes; `None` when it is none.
pub fn parse(typed: &str) -> Option<Code> {
    let mut bits: u128 = 0;
    let mut count = 0;
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let folded = match c.to_ascii_lowercase() {
            'o' => b'0',
            'i' | 'l' => b'1',
            other => u8::try_from(other).ok()?,
        };
        let value = ALPHABET.iter().position(|letter| *letter == folded)?;
        bits = bits << 5 | value as u128;
        count += 1;
        if count > 16 {
            return None;
        }
    }
    let bytes = bits.to_be_bytes();
    (count == 16).then(|| Secret::new(std::array::from_fn(|at| bytes[16 - BYTES + at])))
}

/// The five bits at place `at`.
fn quintet(bytes: &[u8; BYTES], at: usize) -> u8 {
    let bits = bytes.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    (bits >> (75 - 5 * at) & 31) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_groups_that_nobody_confuses() {
        let code = Secret::new([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(print(&code).expose(), "zw00-0000-0000-0001");
        let codes = codes();
        let texts: std::collections::BTreeSet<_> = codes.iter().map(|code| print(code).expose().clone()).collect();
        assert_eq!(texts.len(), COUNT, "they are not random");
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        let expected = *parse("zw10-0000-0000-0001").unwrap().expose();
        for typed in ["ZW10-0000-0000-0001", " zwIo 0000 OOOO 000l ", "zw10000000000001"] {
            assert_eq!(parse(typed).unwrap().expose(), &expected, "{typed}");
        }
        for bad in ["", "zw10-0000-0000-000", "zw10-0000-0000-00011", "zw10-0000-0000-000u", "zw10-0000-0000-000é"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(bytes in any::<[u8; 10]>()) {
            let text = print(&Secret::new(bytes));
            let read = parse(text.expose()).unwrap();
            prop_assert_eq!(read.expose(), &bytes);
        }

        #[test]
        fn no_text_is_a_panic(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}

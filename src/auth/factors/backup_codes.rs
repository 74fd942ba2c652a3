//! Backup codes: ten on paper, each of which replaces the second factor once.
//!
//! A code has 80 random bits, so a keyed hash is as good a guard as a slow one: there is nothing to guess. The letters
//! are Crockford's, who left out those that people confuse, and reading folds them as he said (O is 0, I and L are 1).

use crate::domain::base32::CROCKFORD;
use crate::domain::credentials::secret::Secret;
use crate::domain::random;

/// How many there are.
pub const COUNT: usize = 10;
/// Bytes of one code.
const BYTES: usize = 10;
/// Characters of one group.
const GROUP: usize = 4;

/// A backup code's bytes.
pub type Code = Secret<[u8; BYTES]>;

/// Ten new ones.
pub fn codes() -> [Code; COUNT] {
    std::array::from_fn(|_| Secret::new(random::bytes()))
}

/// A code as it is printed: four groups of four.
pub fn print(code: &Code) -> Secret<String> {
    let mut text = String::with_capacity(19);
    for (at, letter) in CROCKFORD.encode(code.expose()).enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    Secret::new(text)
}

/// The code that someone typed, in either case, with or without dashes; `None` if it isn't one.
pub fn parse(typed: &str) -> Option<Code> {
    let folded = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    });
    CROCKFORD.decode(folded).map(Secret::new)
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

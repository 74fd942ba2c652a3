//! Names to log in with: what they may be, when two are the same, and when they only look the same.
//!
//! People type one name in many ways: with a keyboard that composes accents or one that does not, on a phone that makes the
//! first letter a capital, in full width. [UTS #46] maps all of these to one form. A name that looks like another one because it
//! is written in another script finds the same account ([UTS #39]): nobody can register `сосо` in Cyrillic beside `coco`.
//!
//! [UTS #46]: https://www.unicode.org/reports/tr46/
//! [UTS #39]: https://www.unicode.org/reports/tr39/

use icu_normalizer::uts46::Uts46Mapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _, skeleton};

use crate::domain::error::{Error, Result};

/// The most characters of a name.
const MOST_CHARS: usize = 64;

/// What may stand in a name besides letters, marks and digits.
const PUNCTUATION: &str = "._-@";

/// The scripts in which two characters are a whole name, and which stand beside Latin letters in one.
const CJK: [Script; 4] = [Script::Han, Script::Hangul, Script::Hiragana, Script::Katakana];
/// Strokes of those scripts that look like Latin letters and punctuation when they stand among them.
const STROKES: &str = "ー一〇丨丶ノ丿〆ヽヾゝゞ・";
/// Letters that UTS #39 tells apart and people don't: they look like small Latin ones, or like their capitals.
const ALIKE: [(char, char); 10] = [
    ('к', 'k'),
    ('κ', 'k'),
    ('т', 't'),
    ('τ', 't'),
    ('м', 'm'),
    ('н', 'h'),
    ('в', 'b'),
    ('ь', 'b'),
    ('п', 'n'),
    ('и', 'u'),
];
/// The most marks on one letter (UTS #39, 5.4).
const MOST_MARKS: usize = 4;

/// A name to log in with, in the one form of all spellings: 3 to 64 letters, marks, digits, `.`, `_`, `-` and `@`, of one
/// script; in Chinese, Japanese and Korean from 2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Checks and folds what a person typed.
    ///
    /// # Errors
    /// `username-length`, `username-characters`, `username-scripts`.
    pub fn parse(text: &str) -> Result<Self> {
        // Folding makes no text shorter than a third: what is longer is no name, and costs nothing.
        let folded = if text.len() > 16 * MOST_CHARS { text.to_owned() } else { fold(text.trim()) };
        let length = folded.chars().count();
        let fewest = if folded.chars().all(is_cjk) { 2 } else { 3 };
        if !(fewest..=MOST_CHARS).contains(&length) {
            return Err(Error::invalid("username-length", "A username must have 3 to 64 characters.")
                .hint("In Chinese, Japanese and Korean, 2 are enough."));
        }
        if !folded.chars().all(is_of_names) || !are_marks_in_place(&folded) {
            return Err(Error::invalid(
                "username-characters",
                "A username can only contain letters, digits and . _ - @",
            )
            .hint("Leave out spaces and other characters."));
        }
        if !is_of_one_alphabet(&folded) {
            return Err(Error::invalid("username-scripts", "A username can't mix alphabets.")
                .hint("Some of these letters come from another alphabet. Type the whole name in one alphabet."));
        }
        Ok(Self(folded))
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// By what names are compared: equal for all spellings of one name, and for names that differ by their script only.
    /// Letters of the Latin script stay as they are: `torn` and `tom` look alike too, but they are two names.
    pub fn look(&self) -> String {
        let decomposed = DecomposingNormalizer::new_nfd().normalize(&self.0);
        let mut look = String::with_capacity(decomposed.len());
        for c in decomposed.chars() {
            match c {
                // Of `I` nobody can tell which letter it is the capital of: that depends on the keyboard's language.
                'ı' => look.push('i'),
                '\u{307}' if look.ends_with('i') => {}
                // Nor does a capital tell whether its letter ends a word, or is one that has no capital.
                'ς' => look.extend(skeleton("σ")),
                'ß' => look.push_str("ss"),
                c if is_combining_mark(c) => look.extend(skeleton(c.encode_utf8(&mut [0; 4]))),
                c if c.is_ascii() || matches!(c.script(), Script::Common | Script::Inherited) => look.push(c),
                c => match ALIKE.iter().find(|(letter, _)| *letter == c) {
                    Some((_, latin)) => look.push(*latin),
                    None => look.push_str(&prototype(c)),
                },
            }
        }
        ComposingNormalizer::new_nfc().normalize(&look).into_owned()
    }
}

impl std::fmt::Debug for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Username")
    }
}

/// UTS #46's mapping: NFKC, case folding, and without what cannot be seen.
fn fold(text: &str) -> String {
    let mapped = |text: &str| Uts46Mapper::new().map_normalize(text.chars()).collect::<String>();
    let folded = mapped(text);
    let mut plain = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            // What became of İ, which a Turkish keyboard makes of the i that a name begins with.
            '\u{307}' if plain.ends_with('i') => {}
            // They join letters or keep them apart, and leave no other trace.
            '\u{200c}' | '\u{200d}' => {}
            c => plain.push(c),
        }
    }
    // Taking away what stood between two characters can make them one.
    mapped(&plain)
}

/// What a letter looks like, where that is a letter of another script: within one script, those that look alike are two
/// letters. Latin ones are what others are taken for, so they all become their prototype.
fn prototype(c: char) -> String {
    let looks: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    let is_foreign = |script| !matches!(script, Script::Common | Script::Inherited) && script != c.script();
    let is_other = c.script() == Script::Latin || looks.chars().any(|looks| is_foreign(looks.script()));
    if is_other { looks } else { c.to_string() }
}

/// Letters, marks and digits that living languages write. Names of people and places have Chinese characters that are used
/// for nothing else.
fn is_of_names(c: char) -> bool {
    let is_letter = c.is_alphanumeric() || is_combining_mark(c) || c == '〆';
    let is_in_use = || {
        c.identifier_allowed()
            || matches!(c.script(), Script::Han)
            || c == '〆'
            || c.identifier_type() == Some(IdentifierType::Limited_Use)
    };
    PUNCTUATION.contains(c) || (is_letter && is_in_use())
}

fn is_cjk(c: char) -> bool {
    let extension = c.script_extension();
    !extension.is_common() && CJK.iter().any(|script| extension.contains_script(*script))
}

/// On letters, not too many on one, and none twice in a row.
fn are_marks_in_place(name: &str) -> bool {
    let decomposed = DecomposingNormalizer::new_nfd().normalize(name);
    let (mut marks, mut last) = (MOST_MARKS, None);
    decomposed.chars().all(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        let again = last.replace(c) == Some(c);
        marks == 0 || (marks <= MOST_MARKS && !again)
    })
}

/// Scripts that are written together, such as kanji and kana, are one; they may stand beside Latin letters.
fn is_of_one_alphabet(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| !PUNCTUATION.contains(*c)).collect();
    let others: String = letters.chars().filter(|c| c.script() != Script::Latin && !c.is_ascii()).collect();
    let is_beside_latin = || others.is_single_script() && others.chars().all(|c| is_cjk(c) && !STROKES.contains(c));
    letters.is_single_script() || is_beside_latin()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> std::result::Result<String, &'static str> {
        Username::parse(text).map(|name| name.as_str().to_owned()).map_err(|error| error.code)
    }

    #[track_caller]
    fn look(text: &str) -> String {
        Username::parse(text).unwrap().look()
    }

    #[track_caller]
    fn assert_one(spellings: &[&str]) {
        for spelling in spellings {
            assert_eq!(look(spelling), look(spellings[0]), "{spelling}");
        }
    }

    #[test]
    fn names_are_trimmed_and_folded() {
        assert_eq!(folded("  Ada.L "), Ok("ada.l".into()));
        assert_eq!(folded("ada_l-1@b"), Ok("ada_l-1@b".into()));
        assert_eq!(folded("Işık"), Ok("işık".into()));
        assert_eq!(folded("ışık"), Ok("ışık".into()), "people see their name as they write it");
        assert_eq!(folded("Οδυσσεύς"), Ok("οδυσσεύς".into()));
        assert_eq!(folded("ab"), Err("username-length"));
        assert_eq!(folded("a b c"), Err("username-characters"));
    }

    #[test]
    fn however_a_name_is_typed_it_is_one_name() {
        assert_one(&["josé", "jose\u{301}", "JOSÉ", "JOSE\u{301}", "ｊｏｓé"]);
        assert_one(&["istanbul", "İstanbul", "Istanbul", "ISTANBUL", "ıstanbul", "i\u{307}stanbul"]);
        assert_one(&["ışık", "Işık", "IŞIK", "işik"]);
        assert_one(&["straße", "STRAẞE", "Straße", "STRASSE", "strasse"]);
        assert_one(&["οδυσσεύς", "ΟΔΥΣΣΕΎΣ", "οδυσσεύσ"]);
        assert_one(&["ﬁona", "fiona", "ＦＩＯＮＡ", "fio\u{ad}na"]);
        assert_one(&["ガイド", "ｶﾞｲﾄﾞ", "ガイト\u{3099}"]);
        assert_one(&["지민", "\u{110c}\u{1175}\u{1106}\u{1175}\u{11ab}"]);
        assert_one(&["علی\u{200c}رضا", "علیرضا"]);
        assert_one(&["Việt.Anh", "vie\u{323}\u{302}t.anh", "vie\u{302}\u{323}t.anh"]);
    }

    #[test]
    fn two_characters_are_a_name_where_each_is_a_word() {
        for name in ["王芳", "李娜", "지민", "さき", "ユミ", "田な", "リー", "〆木", "神﨑"] {
            assert_eq!(folded(name).as_deref(), Ok(name));
        }
        for name in ["王", "王1", "ab", "аб", "א.", ""] {
            assert_eq!(folded(name), Err("username-length"), "{name}");
        }
        assert_eq!(folded(&"王".repeat(65)), Err("username-length"));
        assert_eq!(folded(&"a".repeat(1_000_000)), Err("username-length"));
    }

    #[test]
    fn people_of_every_script_have_a_name() {
        for name in [
            "𠮷田家",
            "㐂代子",
            "ᏔᎵᏆ",
            "ߒߞߏߟ",
            "𞤀𞤣𞤤",
            "ⵜⵉⴼⵉ",
            "ᐃᓄᒃᑎ",
            "ᱥᱟᱱᱛ",
            "प्रिया",
            "नमस्ते",
            "மாலா",
            "สมชาย",
            "მარიამი",
            "արամ",
            "דוד",
            "أحمد",
            "Ольга",
            "Μαρία",
            "አበበ",
        ] {
            assert_eq!(folded(name).map(|_| ()), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_is_no_letter_is_in_no_name() {
        for bad in [
            "jose\u{301}\u{301}",
            "a\u{300}\u{301}\u{302}\u{303}\u{304}da",
            "ada!",
            "a\u{202e}da",
            "ada\u{0}",
            "ada/x",
            "ada😀",
            "a\u{a0}da",
            "ada:x",
            "\u{301}ada",
            "a'da",
            "ada\u{fffd}",
        ] {
            assert_eq!(folded(bad), Err("username-characters"), "{bad:?}");
        }
    }

    #[test]
    fn alphabets_are_not_mixed() {
        for bad in
            ["adaーx", "ada一x", "m〇c〇", "anna丨", "o丶o丶o", "аda", "adа.lovelace", "раypal", "οlga", "аδα", "ada٣"]
        {
            assert_eq!(folded(bad), Err("username-scripts"), "{bad}");
        }
        for good in ["田中たろう", "田中tanaka", "김kim", "علي99", "ольга.1"] {
            assert_eq!(folded(good).map(|_| ()), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_that_look_the_same_in_two_scripts_have_one_look() {
        for (one, other) in [
            ("səs", "ѕәѕ"),
            ("ççç", "ҫҫҫ"),
            ("æææ", "ӕӕӕ"),
            ("ɛyɛ", "εγε"),
            ("kaka", "кака"),
            ("toto", "тото"),
            ("xakep", "хакер"),
            ("カナ口", "力ナロ"),
            ("coco", "сосо"),
            ("ope", "оре"),
            ("ooo", "οοο"),
            ("ооо", "οοο"),
            ("xyc", "хус"),
            ("кот", "κοτ"),
        ] {
            assert_ne!(folded(one), folded(other));
            assert_eq!(look(one), look(other), "{one}");
        }
        for (one, other) in [
            ("武士道", "武土道"),
            ("未来人", "末来人"),
            ("각가나", "까가나"),
            ("tom", "torn"),
            ("anna1", "annal"),
            ("jose", "josé"),
            ("ольга", "олена"),
            ("0da", "oda"),
        ] {
            assert_ne!(look(one), look(other), "{one}");
        }
        for name in ["ada", "josé", "ada.lovelace@example"] {
            assert_eq!(look(name), name);
        }
    }

    proptest! {
        #[test]
        fn a_name_stays_what_it_is(text in "\\PC{0,20}|[a-zİıI\u{307}\u{301}\u{200d}ｦ-ﾟ]{0,12}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(&Username::parse(name.as_str()).unwrap(), &name);
                if let Ok(upper) = Username::parse(&text.to_uppercase()) {
                    prop_assert_eq!(upper.look(), name.look());
                }
            }
        }
    }
}

//! Just enough of Rust's grammar to find names in a file.

/// The word that follows each of these keywords, and where it begins.
pub fn words_after(code: &str, keywords: &[&str]) -> Vec<(usize, String)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for keyword in keywords {
        for (at, _) in code.match_indices(&format!("{keyword} ")) {
            let start = at + keyword.len() + 1;
            let name: String = code[start..].chars().take_while(|c| is_word(*c)).collect();
            if !name.is_empty() && !code[..at].ends_with(is_word) {
                found.push((start, name));
            }
        }
    }
    found.sort();
    found
}

/// How long the group is that begins with a bracket.
pub fn length_of_group(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// Code without comments, and with strings and characters emptied.
pub fn bare(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => 1 + length_of_string(&rest[1..]),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => length_of_raw_string(rest),
            '\'' => length_of_char(rest),
            _ => 0,
        };
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.push_str(if c == '/' { "" } else { "\"\"" });
            rest = &rest[skipped..];
        }
    }
    code
}

/// Up to the closing quote and with it.
fn length_of_string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn length_of_raw_string(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    if !rest[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[2 + hashes..].find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len())
}

/// A character is closed by a quote, a lifetime is not.
fn length_of_char(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => rest[at + 1..].find('\'').map_or(0, |end| at + 1 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

#[test]
fn comments_strings_and_characters_are_left_out() {
    let text = "a /* b */ 'c' \"d \\\" e\" r#\"f \" g\"# '\\'' h<'i> // j\nk";
    assert_eq!(bare(text), "a  \"\" \"\" \"\" \"\" h<'i> \nk");
}

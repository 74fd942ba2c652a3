//! "Did you mean …?"

/// How many characters may be wrong, missing, added or swapped.
const MOST_MISTAKES: usize = 3;

/// What to do about `name`, which is not in `known`.
pub(super) fn remedy(name: &str, known: &[String]) -> String {
    let nearest = known.iter().map(|known| (strsim::osa_distance(name, known), known)).min();
    match nearest {
        Some((mistakes, known)) if mistakes <= MOST_MISTAKES => format!("Did you mean {known:?}?"),
        _ => "Remove it, or find its name in config.example.toml.".into(),
    }
}

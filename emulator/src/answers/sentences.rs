//! Text cut into sentences.

/// Ends with a stop that does not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "etc", "no", "nos", "fig", "figs", "sec", "art", "approx", "dr", "mr", "mrs", "ms", "st", "vs", "cf",
    "p", "pp", "vol", "ed", "eds", "inc", "ltd", "co", "dept", "ref", "max", "min", "ca", "resp", "al", "para", "ch",
];

/// A longer sentence is cut between words: it is more likely to be a list or a table.
const LONGEST: usize = 600;

pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        if !matches!(char, '.' | '!' | '?' | '。' | '！' | '？') {
            continue;
        }
        let mut end = at + char.len_utf8();
        while let Some((at, closing)) = chars.next_if(|(_, next)| matches!(next, ')' | '”' | '"' | '’' | '\'' | ']'))
        {
            end = at + closing.len_utf8();
        }
        let rest = text.get(end..).unwrap_or_default();
        let before = text.get(start..at).unwrap_or_default();
        let parted = rest.is_empty() || rest.starts_with(char::is_whitespace) || !char.is_ascii();
        let next = rest.trim_start().chars().next();
        let begins = next.is_none_or(|next| !next.is_lowercase() && !matches!(next, ',' | ';' | ')'));
        if parted && begins && !(char == '.' && abbreviated(before)) {
            push(&mut found, text.get(start..end).unwrap_or_default());
            start = end;
        }
    }
    push(&mut found, text.get(start..).unwrap_or_default());
    found
}

fn abbreviated(before: &str) -> bool {
    let word = before.rsplit(|char: char| char.is_whitespace() || char == '(').next().unwrap_or_default();
    // “Figure 1.”, or the number of an item.
    let number = word.chars().all(|char| char.is_ascii_digit()) && before.split_whitespace().count() <= 2;
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    number || initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Adds the sentence; if it is too long for one, in parts.
fn push(found: &mut Vec<String>, sentence: &str) {
    let mut rest = sentence.trim();
    while rest.len() > LONGEST {
        let end = boundary(rest, LONGEST);
        let (part, after) = rest.split_at(end);
        let end = part.rfind(char::is_whitespace).filter(|space| *space > LONGEST / 2).unwrap_or(part.len());
        found.push(part.get(..end).unwrap_or(part).trim().to_owned());
        rest = rest.get(end..).unwrap_or(after).trim_start();
    }
    if rest.chars().any(char::is_alphanumeric) {
        found.push(rest.to_owned());
    }
}

/// The largest place not after `most` where a character begins.
pub(super) fn boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

//! Results on standard output: lines of JSON, or text that cannot harm a terminal.

use crate::failure::Done;
use serde::Serialize;
use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
};

/// One result as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Done {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// A text as it is; on a terminal without what would steer it.
pub(crate) fn text(text: &str) -> Done {
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() { harmless(text, "\n\t") } else { text.into() };
    Ok(writeln!(out, "{shown}")?)
}

/// One row; each cell but the last is as wide as is said, or wider.
pub(crate) fn row<const N: usize>(widths: [usize; N], cells: [&str; N]) -> Done {
    let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{:<width$}", line(cell)));
    let row = cells.collect::<Vec<_>>().join("  ");
    Ok(writeln!(io::stdout().lock(), "{}", row.trim_end())?)
}

/// A heading for people; programs get rows alone.
pub(crate) fn heading<const N: usize>(widths: [usize; N], cells: [&str; N]) -> Done {
    if io::stdout().is_terminal() { row(widths, cells) } else { Ok(()) }
}

/// Foreign text on one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    harmless(text, "")
}

/// Foreign text with what moves a cursor, changes a colour or turns the writing round made visible.
fn harmless<'t>(text: &'t str, kept: &str) -> Cow<'t, str> {
    let steers = |c: char| {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (c.is_control() || turns) && !kept.contains(c)
    };
    if !text.contains(steers) {
        return text.into();
    }
    let mut out = String::new();
    for c in text.chars() {
        match steers(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_becomes_visible() {
        let bad = "a\u{1b}[31mb\u{9b}2J\u{7}\r\u{202e}c";
        assert_eq!(line(bad), "a\\u{1b}[31mb\\u{9b}2J\\u{7}\\r\\u{202e}c");
        assert_eq!(harmless("a\n\tb — “ü” 漢 👩‍🚒", "\n\t"), "a\n\tb — “ü” 漢 👩‍🚒");
        assert_eq!(line("a\nb"), "a\\nb");
    }
}

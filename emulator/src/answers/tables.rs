//! The rows of a table as sentences that name each cell's column.

use super::paragraphs::{CELL, Paragraph};
use super::passages::Sentence;
use crate::documents::{BLANK, Unit};

/// The names of a table's columns.
pub(super) type Names = Vec<String>;

/// A table that was drawn on a page: its first row has the names if they look like it.
pub(super) fn drawn(group: &[Paragraph]) -> Vec<Sentence> {
    let all: Vec<(u32, Vec<String>)> = group.iter().map(|row| (row.line, cells(row))).collect();
    let names = all.first().map(|(_, names)| names);
    let names = names.filter(|names| names.len() > 2 && !names.concat().contains(char::is_numeric));
    let Some(names) =
        names.filter(|names| all.len() > 1 && all.iter().skip(1).any(|(_, row)| row.len() == names.len()))
    else {
        return all.iter().map(|(line, row)| plain(*line, row)).collect();
    };
    let rows = all.iter().skip(1);
    rows.map(|(line, row)| if row.len() == names.len() { named(*line, names, row) } else { plain(*line, row) })
        .collect()
}

/// A table whose cells are known. A part of a sheet goes on with the `names` of the part before it.
pub(super) fn known(group: &[Paragraph], unit: Unit, sheet: Option<&str>, names: &mut Option<Names>) -> Vec<Sentence> {
    // Two columns can be names and values; only a file of records has its names on top for certain.
    let least = if unit == Unit::Row && sheet.is_none() { 2 } else { 3 };
    let mut rows = group.iter().map(|row| (row.line, cells(row))).peekable();
    let again = names.is_some() && unit == Unit::Row;
    let heads = |row: &Names| row.len() >= least && group.len() > 1 && is_header(row, again);
    if unit == Unit::Paragraph {
        *names = None;
    }
    if let Some((_, header)) = rows.next_if(|(_, row)| heads(row)) {
        *names = Some(header);
    }
    let fitting = |row: &Names| names.as_ref().filter(|names| (2..=names.len()).contains(&row.len()));
    rows.map(|(line, row)| match fitting(&row) {
        Some(names) => named(line, names, &row),
        None => plain(line, &row),
    })
    .collect()
}

fn cells(row: &Paragraph) -> Names {
    row.text.split(CELL).map(str::to_owned).collect()
}

/// Has only words, each once; a further header of a sheet has no numbers at all.
fn is_header(row: &[String], again: bool) -> bool {
    let word = |cell: &String| {
        let digits = cell.chars().filter(char::is_ascii_digit).count();
        cell != BLANK && cell.chars().any(char::is_alphabetic) && cell.len() <= 80 && (digits == 0 || !again)
    };
    let once = row.iter().enumerate().all(|(at, cell)| !row.iter().take(at).any(|before| before == cell));
    once && row.iter().all(word)
}

fn named(line: u32, names: &[String], row: &[String]) -> Sentence {
    let full = names.iter().zip(row).filter(|(_, cell)| *cell != BLANK);
    let named: Vec<String> =
        full.map(|(name, cell)| if name == BLANK { cell.clone() } else { format!("{name}: {cell}") }).collect();
    Sentence { text: format!("{}.", named.join("; ")), cells: Some(own(row)), line }
}

fn plain(line: u32, row: &[String]) -> Sentence {
    let text = own(row);
    Sentence { cells: Some(text.clone()), text, line }
}

fn own(row: &[String]) -> String {
    row.iter().filter(|cell| *cell != BLANK).map(String::as_str).collect::<Vec<_>>().join("; ")
}

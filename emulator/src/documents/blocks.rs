//! Text of documents without pages: one line for each paragraph or row of a table, an empty line between paragraphs.

use super::{Document, Page, Unit, Unreadable};

/// Parts the cells of a row; nowhere else do three spaces stand.
pub(super) const CELL: &str = "   ";
/// Stands for a cell without text, so that those after it keep their columns.
pub(crate) const BLANK: &str = "␣";

/// What was read so far.
#[derive(Default)]
pub(super) struct Blocks {
    text: String,
    lines: u32,
    headings: Vec<u32>,
    /// The last line was a row: the next row follows it closely.
    in_table: bool,
    most: u64,
    full: bool,
}

impl Blocks {
    /// Takes text of up to `most` bytes.
    pub(super) fn new(most: u64) -> Self {
        Self { most, ..Self::default() }
    }

    pub(super) fn paragraph(&mut self, text: &str, heading: bool) {
        let text = tidy(text);
        if self.add(&text, false) && heading {
            self.headings.push(self.lines);
        }
    }

    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        let line = row(cells);
        self.add(&line, true);
    }

    fn add(&mut self, line: &str, row: bool) -> bool {
        if line.is_empty() || self.full {
            return false;
        }
        if !self.text.is_empty() {
            self.text.push_str(if row && self.in_table { "\n" } else { "\n\n" });
        }
        self.text.push_str(line);
        self.in_table = row;
        self.lines += 1;
        self.full = self.text.len() as u64 > self.most;
        true
    }

    /// What comes next is no row of the same table.
    pub(super) fn end_table(&mut self) {
        self.in_table = false;
    }

    /// Whether there is more text than is allowed; what comes now is lost.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn finish(self) -> Result<Document, Unreadable> {
        if self.full {
            return Err(Unreadable::TooMuchMemory);
        }
        if self.text.is_empty() {
            return Err(Unreadable::NoText);
        }
        let page = Page { number: 1, text: self.text, headings: self.headings, ..Page::default() };
        Ok(Document { pages: vec![page], unit: Unit::Paragraph })
    }
}

/// The line of a row, empty if all of its cells are.
pub(super) fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    let mut kept = 0;
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            line.push_str(CELL);
        }
        let cell = tidy(cell);
        line.push_str(if cell.is_empty() { BLANK } else { &cell });
        if !cell.is_empty() {
            kept = line.len();
        }
    }
    line.truncate(kept);
    line
}

/// The text on one line, its words parted by single spaces, without what nobody sees.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for word in text.split(|char: char| char.is_whitespace() || char.is_control()) {
        let word = word.trim_matches(['\u{feff}', '\u{200b}', '\u{ad}']);
        if !word.is_empty() {
            if !tidy.is_empty() {
                tidy.push(' ');
            }
            tidy.extend(word.chars().filter(|char| !matches!(char, '\u{ad}' | '\u{200b}' | '\u{feff}')));
        }
    }
    tidy
}

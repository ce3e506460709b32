//! CSV: records of one kind of fields, whatever parts them.

use csv::{Reader, ReaderBuilder, StringRecord};

use super::blocks::row;
use super::{Document, Page, Unit, Unreadable, plain};

/// What can part fields. The first that does so evenly is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many records tell the delimiter.
const SAMPLE: usize = 20;
/// How much of the text they are looked for in.
const HEAD: usize = 64 << 10;

pub(super) fn read(content: &[u8], most: u64) -> Result<Document, Unreadable> {
    let text = plain::decode(content)?;
    // Spreadsheet programs may say the delimiter on a line of its own.
    let said = text.strip_prefix("sep=").and_then(|rest| rest.bytes().next());
    let delimiter = said.unwrap_or_else(|| delimiter(&text));
    let mut reader = reader(&text, delimiter);
    let mut page = Page { number: 1, ..Page::default() };
    let mut record = StringRecord::new();
    let mut rows = Rows { text: &text, place: 0, row: 1, within: 0 };
    let mut first = true;
    while reader.read_record(&mut record).map_err(broken)? {
        let at = rows.next(&record);
        let told = std::mem::take(&mut first) && said.is_some();
        let cells = row(record.iter());
        if cells.is_empty() || told {
            continue;
        }
        if !page.text.is_empty() {
            page.text.push('\n');
        }
        page.text.push_str(&cells);
        page.rows.push(at);
        if page.text.len() as u64 > most {
            return Err(Unreadable::TooMuchMemory);
        }
    }
    let document = Document { pages: vec![page], unit: Unit::Row };
    if document.has_text() { Ok(document) } else { Err(Unreadable::NoText) }
}

/// Counts rows as a spreadsheet does: empty lines count, lines within a field do not.
struct Rows<'a> {
    text: &'a str,
    /// Up to here lines are counted.
    place: usize,
    row: u32,
    /// How many lines the record before has within its fields.
    within: usize,
}

impl Rows<'_> {
    /// The row of the record that comes next.
    fn next(&mut self, record: &StringRecord) -> u32 {
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.place);
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        // The reader takes the end of the line before, and empty lines, for parts of the record.
        let start = start + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.as_bytes().get(self.place..start).unwrap_or_default();
        let lines = passed.iter().filter(|byte| **byte == b'\n').count().saturating_sub(self.within);
        self.row = self.row.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.place = start;
        self.within = record.iter().map(|field| field.matches('\n').count()).sum();
        self.row
    }
}

fn reader(text: &str, delimiter: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// The delimiter that gives most of the first records the same number of fields, and more than one.
fn delimiter(text: &str) -> u8 {
    let head = text.get(..(0..=HEAD.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
    let head = head.unwrap_or(text);
    let even = |delimiter: u8| {
        let records: Vec<usize> =
            reader(head, delimiter).records().take(SAMPLE).flatten().map(|record| record.len()).collect();
        let first = records.first().copied().unwrap_or_default();
        if first < 2 { 0 } else { records.iter().filter(|fields| **fields == first).count() }
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| even(*delimiter));
    best.unwrap_or(b',')
}

fn broken(error: csv::Error) -> Unreadable {
    Unreadable::Broken(format!("its records cannot be told apart: {error}"))
}

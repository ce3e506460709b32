//! XLSX: the cells' shown values, sheet by sheet. Hidden sheets, formulas and macros are not read.

use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::blocks::row;
use super::{Document, Page, Unit, Unreadable};

pub(super) fn read(content: Vec<u8>, most: u64) -> Result<Document, Unreadable> {
    let mut book = Xlsx::new(Cursor::new(content)).map_err(broken)?;
    let shown = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let names: Vec<String> = book.sheets_metadata().iter().filter(shown).map(|sheet| sheet.name.clone()).collect();
    let mut pages = Vec::new();
    let mut size = 0;
    for (name, number) in names.into_iter().zip(1..) {
        let mut sheet = Page { number, name: Some(name.clone()), ..Page::default() };
        let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
        let mut at = 0;
        let mut line: Vec<String> = Vec::new();
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            let (row, column) = cell.get_position();
            if row != at {
                size += add(&mut sheet, at, &mut line);
                at = row;
            }
            let text = shown_as(cell.get_value());
            // Cells far to the right stand for nothing between.
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if !text.is_empty() && column < COLUMNS {
                line.resize(line.len().max(column), String::new());
                line.push(text);
            }
            if size > most || line.iter().map(String::len).sum::<usize>() as u64 > most {
                return Err(Unreadable::TooMuchMemory);
            }
        }
        size += add(&mut sheet, at, &mut line);
        pages.push(sheet);
    }
    let document = Document { pages, unit: Unit::Row };
    if document.has_text() { Ok(document) } else { Err(Unreadable::NoText) }
}

/// More columns are not read.
const COLUMNS: usize = 1000;

/// Ends a row, and tells how many bytes it takes.
fn add(sheet: &mut Page, at: u32, cells: &mut Vec<String>) -> u64 {
    let line = row(cells.iter().map(String::as_str));
    cells.clear();
    if line.is_empty() {
        return 0;
    }
    if !sheet.text.is_empty() {
        sheet.text.push('\n');
    }
    sheet.text.push_str(&line);
    sheet.rows.push(at + 1);
    line.len() as u64 + 1
}

fn shown_as(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => decimal(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(time) => moment(time),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A number without the noise of binary fractions: 0.1 + 0.2 is 0.3 for its reader.
fn decimal(number: f64) -> String {
    let rounded = format!("{number:.12}");
    let short = rounded.trim_end_matches('0').trim_end_matches('.');
    if number.abs() < 1e15 && number.abs() >= 1e-9 || number == 0.0 { short.to_owned() } else { number.to_string() }
}

fn moment(time: &ExcelDateTime) -> String {
    if time.is_duration() {
        let minutes = (time.as_f64() * 1440.0).round();
        return format!("{}:{:02}", (minutes / 60.0).trunc(), minutes % 60.0);
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let date = format!("{year}-{month:02}-{day:02}");
    match (time.as_f64() < 1.0, hour, minute, second) {
        (true, ..) => format!("{hour:02}:{minute:02}"),
        (_, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date} {hour:02}:{minute:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}"),
    }
}

fn broken(error: XlsxError) -> Unreadable {
    match error {
        XlsxError::Password => Unreadable::Encrypted,
        error => Unreadable::Broken(format!("its workbook makes no sense: {error}")),
    }
}

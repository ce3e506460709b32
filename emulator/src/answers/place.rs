//! Where a quotation stands, and how that is cited.

use std::fmt;

use crate::documents::Unit;

/// A place in a document.
///
/// A page is cited as `p. 5`. A document without pages until it is printed is cited by its heading and its paragraphs,
/// `“Roof drainage”, ¶ 14`; a sheet by its rows, `sheet “Doors”, rows 7–9`, and a file of records as `row 7`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) unit: Unit,
    pub(super) page: u32,
    /// What a sheet is called.
    pub(super) sheet: Option<String>,
    /// The heading above.
    pub(super) heading: Option<String>,
    /// The first and the last line: paragraphs, or rows.
    pub(super) lines: (u32, u32),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.lines;
        match self.unit {
            Unit::Page => return write!(formatter, "p. {}", self.page),
            Unit::Paragraph => {
                if let Some(heading) = &self.heading {
                    write!(formatter, "“{heading}”, ")?;
                }
                write!(formatter, "¶ {first}")?;
            }
            Unit::Row => {
                if let Some(sheet) = &self.sheet {
                    write!(formatter, "sheet “{sheet}”, ")?;
                }
                write!(formatter, "row{} {first}", if last > first { "s" } else { "" })?;
            }
        }
        if last > first { write!(formatter, "–{last}") } else { Ok(()) }
    }
}

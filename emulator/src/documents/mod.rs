//! Text out of documents, page by page.
//!
//! A document is outside data: it can be damaged, loop, or unpack to more than the machine holds. It is therefore read
//! in a child process that caps itself ([`worker_main`]), while [`Extractor`] caps how long that may take and how much
//! comes back.

mod blocks;
mod csv;
mod docx;
mod extractor;
mod html;
mod kind;
mod layout;
mod limits;
mod line;
mod markdown;
mod office;
mod pdf;
mod plain;
mod read;
mod sheets;
mod unreadable;
mod worker;

use serde::{Deserialize, Serialize};

pub(crate) use blocks::BLANK;
pub use extractor::{Extractor, Worker};
pub use limits::Limits;
pub use unreadable::Unreadable;
pub use worker::worker_main;

/// What a place in a document is counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Pages, as in PDF.
    #[default]
    Page,
    /// Paragraphs, rows of tables included: a document that has no pages until it is printed.
    Paragraph,
    /// Rows of a sheet.
    Row,
}

/// One page, or sheet, of a document; a document without either is one page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Counted from 1, as a viewer shows it.
    pub number: u32,
    /// The page's text in reading order, an empty line between paragraphs. In a [`Unit::Page`] each printed line is a
    /// line; otherwise each paragraph and each row of a table is.
    pub text: String,
    /// What a sheet is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In a sheet, the number of each line's row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<u32>,
    /// Which paragraphs, counted from 1, are headings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<u32>,
}

/// The text of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Every page, those without text included.
    pub pages: Vec<Page>,
    /// What its places are counted by.
    #[serde(default)]
    pub unit: Unit,
}

impl Document {
    /// Numbers the pages' texts from 1.
    pub(crate) fn from_texts(texts: impl IntoIterator<Item = String>) -> Self {
        let pages = (1..).zip(texts).map(|(number, text)| Page { number, text, ..Page::default() }).collect();
        Self { pages, unit: Unit::Page }
    }

    fn has_text(&self) -> bool {
        self.pages.iter().any(|page| !page.text.trim().is_empty())
    }
}

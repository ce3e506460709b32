//! Text out of documents, page by page.
//!
//! A document is outside data: it can be damaged, loop, or unpack to more than the machine holds. It is therefore read
//! in a child process that caps itself ([`worker_main`]), while [`Extractor`] caps how long that may take and how much
//! comes back.

mod extractor;
mod kind;
mod layout;
mod limits;
mod line;
mod markdown;
mod pdf;
mod plain;
mod read;
mod unreadable;
mod worker;

use serde::{Deserialize, Serialize};

pub use extractor::{Extractor, Worker};
pub use limits::Limits;
pub use unreadable::Unreadable;
pub use worker::worker_main;

/// One page of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Counted from 1, as a viewer shows it.
    pub number: u32,
    /// The page's text in reading order: one line per printed line, an empty line between paragraphs.
    pub text: String,
}

/// The text of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Every page, those without text included.
    pub pages: Vec<Page>,
}

impl Document {
    /// Numbers the pages' texts from 1.
    pub(crate) fn from_texts(texts: impl IntoIterator<Item = String>) -> Self {
        let pages = (1..).zip(texts).map(|(number, text)| Page { number, text }).collect();
        Self { pages }
    }

    fn has_text(&self) -> bool {
        self.pages.iter().any(|page| !page.text.trim().is_empty())
    }
}

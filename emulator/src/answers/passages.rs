//! Paragraph-sized pieces of the documents, each with its sentences and where it stands.

use std::ops::RangeInclusive;

use super::paragraphs::{Kind, paragraphs};
use super::place::Place;
use super::sentences::sentences;
use super::tables;
use crate::documents::{Document, Unit};

/// A longer paragraph makes several passages.
const SIZE: usize = 700;

#[derive(Debug)]
pub(super) struct Passage {
    pub(super) file: String,
    pub(super) unit: Unit,
    pub(super) page: u32,
    /// What the sheet is called.
    pub(super) sheet: Option<String>,
    /// The heading above it.
    pub(super) heading: Option<String>,
    pub(super) sentences: Vec<Sentence>,
    /// The first after its heading, or of the document.
    pub(super) leads: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Sentence {
    pub(super) text: String,
    /// For a table's row, its cells without the names of their columns, which every row has.
    pub(super) cells: Option<String>,
    /// Its paragraph or row, where there are no pages.
    pub(super) line: u32,
}

impl Passage {
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        texts.join(" ")
    }

    /// Where some of its sentences stand.
    pub(super) fn place(&self, range: RangeInclusive<usize>) -> Place {
        let within = self.sentences.get(range).unwrap_or_default();
        let line = |sentence: Option<&Sentence>| sentence.map_or(0, |sentence| sentence.line);
        Place {
            unit: self.unit,
            page: self.page,
            sheet: self.sheet.clone(),
            heading: self.heading.clone(),
            lines: (line(within.first()), line(within.last())),
        }
    }

    /// Reads like written text, not like a table or a fragment.
    pub(super) fn is_prose(&self) -> bool {
        self.sentences.iter().any(Sentence::is_whole)
    }

    /// Is made of rows whose cells are known.
    pub(super) fn is_known_rows(&self) -> bool {
        self.unit != Unit::Page && self.sentences.iter().all(|sentence| sentence.cells.is_some())
    }

    /// Has something to quote: sentences or rows of a table.
    pub(super) fn is_solid(&self) -> bool {
        self.sentences.iter().any(|sentence| sentence.is_whole() || sentence.cells.is_some())
    }
}

impl Sentence {
    /// Begins and ends like a sentence and has enough words for one.
    pub(super) fn is_whole(&self) -> bool {
        let begins = self.text.chars().find(|char| char.is_alphanumeric()).is_some_and(|char| !char.is_lowercase());
        let ends = self.text.ends_with(['.', '!', '?', '”', ')', '。']);
        begins && ends && self.cells.is_none() && self.text.split_whitespace().count() >= 4
    }

    /// What its own words are.
    pub(super) fn own(&self) -> &str {
        self.cells.as_deref().unwrap_or(&self.text)
    }
}

pub(super) fn passages(file: &str, document: &Document) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut heading: Option<String> = None;
    let mut leads = true;
    let unit = document.unit;
    let paragraphs = paragraphs(document);
    let mut page = 0;
    let mut names = None;
    for group in paragraphs.chunk_by(|one, next| {
        one.kind == Kind::Row && next.kind == Kind::Row && (one.page, one.table) == (next.page, next.table)
    }) {
        let Some(first) = group.first() else { continue };
        let sheet = document.pages.iter().find(|page| page.number == first.page).and_then(|page| page.name.clone());
        if unit == Unit::Row && first.page != page {
            (page, heading, names) = (first.page, sheet.clone(), None);
        }
        let sentences = match first.kind {
            Kind::Heading => {
                let within = sheet.as_ref().map_or_else(String::new, |sheet| format!("{sheet}: "));
                (heading, leads) = (Some(format!("{within}{}", first.text)), true);
                continue;
            }
            Kind::Row if unit == Unit::Page => tables::drawn(group),
            Kind::Row => tables::known(group, unit, sheet.as_deref(), &mut names),
            Kind::Text => {
                let whole = |text| Sentence { text, cells: None, line: first.line };
                sentences(&first.text).into_iter().map(whole).collect()
            }
        };
        for sentences in windows(sentences) {
            let (file, heading) = (file.to_owned(), heading.clone());
            let sheet = sheet.clone();
            passages.push(Passage { file, unit, page: first.page, sheet, heading, sentences, leads });
            leads = false;
        }
    }
    passages
}

fn windows(sentences: Vec<Sentence>) -> Vec<Vec<Sentence>> {
    let mut windows: Vec<Vec<Sentence>> = Vec::new();
    let mut size = SIZE;
    for sentence in sentences {
        size += sentence.text.len();
        match windows.last_mut().filter(|_| size <= SIZE) {
            Some(window) => window.push(sentence),
            None => {
                size = sentence.text.len();
                windows.push(vec![sentence]);
            }
        }
    }
    windows
}

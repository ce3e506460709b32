//! Paragraph-sized pieces of the documents, each with its sentences and where it stands.

use super::paragraphs::{CELL, Kind, Paragraph, paragraphs};
use super::sentences::sentences;
use crate::documents::Document;

/// A longer paragraph makes several passages.
const SIZE: usize = 700;

#[derive(Debug)]
pub(super) struct Passage {
    pub(super) file: String,
    pub(super) page: u32,
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
}

impl Passage {
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        texts.join(" ")
    }

    /// Reads like written text, not like a table or a fragment.
    pub(super) fn is_prose(&self) -> bool {
        self.sentences.iter().any(Sentence::is_whole)
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
    let paragraphs = paragraphs(document);
    for group in
        paragraphs.chunk_by(|one, next| one.kind == Kind::Row && next.kind == Kind::Row && one.page == next.page)
    {
        let Some(first) = group.first() else { continue };
        let sentences = match first.kind {
            Kind::Heading => {
                (heading, leads) = (Some(first.text.clone()), true);
                continue;
            }
            Kind::Row => rows(group),
            Kind::Text => sentences(&first.text).into_iter().map(|text| Sentence { text, cells: None }).collect(),
        };
        for sentences in windows(sentences) {
            let (file, heading) = (file.to_owned(), heading.clone());
            passages.push(Passage { file, page: first.page, heading, sentences, leads });
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

/// The rows of a table as sentences that name each cell's column, if the first row has the names.
fn rows(group: &[Paragraph]) -> Vec<Sentence> {
    let split = |row: &Paragraph| row.text.split(CELL).map(str::to_owned).collect::<Vec<String>>();
    let all: Vec<Vec<String>> = group.iter().map(split).collect();
    let names = all.first().filter(|names| names.len() > 2 && !names.concat().contains(char::is_numeric));
    let Some(names) = names.filter(|names| all.len() > 1 && all.iter().skip(1).any(|row| row.len() == names.len()))
    else {
        return all.into_iter().map(|row| plain_row(&row)).collect();
    };
    all.iter()
        .skip(1)
        .map(|row| {
            if row.len() != names.len() {
                return plain_row(row);
            }
            let named: Vec<String> = names.iter().zip(row).map(|(name, cell)| format!("{name}: {cell}")).collect();
            Sentence { text: format!("{}.", named.join("; ")), cells: Some(row.join("; ")) }
        })
        .collect()
}

fn plain_row(row: &[String]) -> Sentence {
    let text = row.join("; ");
    Sentence { cells: Some(text.clone()), text }
}

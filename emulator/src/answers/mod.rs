//! Answers out of documents: nothing is made up, every finding is a quotation with its file and place.

mod compose;
mod index;
mod paragraphs;
mod passages;
mod place;
mod question;
mod select;
mod sentences;
mod tables;
mod workflow;

use serde_json::{Map, Value};

use crate::documents::{Document, Unreadable};
use passages::{Passage, passages};
use place::Place;
use question::{Kind, Question};
pub use workflow::run;

/// What an agent answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The conversation's text.
    pub text: String,
    /// The report, as Markdown.
    pub report: String,
    /// The table's columns: id, name.
    pub columns: Vec<(String, String)>,
    /// The table's rows, by column id.
    pub rows: Vec<Map<String, Value>>,
}

/// A document's file name, and its text or why there is none.
pub type Source = (String, Result<Document, Unreadable>);

/// What is quoted.
#[derive(Clone, Debug, PartialEq)]
struct Finding {
    /// Whole sentences.
    quote: String,
    /// The heading above them.
    heading: Option<String>,
    file: String,
    place: Place,
    score: f64,
}

/// What there is to say.
struct Found {
    findings: Vec<Finding>,
    /// Words of the question that no document has.
    unknown: Vec<String>,
}

/// What there is to say, in words.
struct Section {
    /// The sentence that says what follows.
    lead: String,
    /// For the conversation, the lead included.
    text: String,
    /// For the report, as Markdown, without the lead.
    body: String,
    findings: Vec<Finding>,
}

/// Answers `question`, the `turn`th of a conversation counted from 1, out of `documents`.
///
/// The same input gives the same answer.
pub fn answer(question: &str, turn: u32, documents: &[Source]) -> Answer {
    let question = Question::read(question, turn);
    let section = section(&question, documents);
    compose::compose(&question, section, documents)
}

/// What `documents` say to a question.
fn section(question: &Question, documents: &[Source]) -> Section {
    let passages: Vec<Passage> = documents
        .iter()
        .filter_map(|(name, document)| Some((name, document.as_ref().ok()?)))
        .flat_map(|(name, document)| passages(name, document))
        .collect();
    let found = match question.kind {
        Kind::Summary => Ok(Found { findings: select::summary(&passages), unknown: Vec::new() }),
        Kind::List => select::list(question, &passages),
        Kind::Find => select::find(question, &passages),
    };
    match found {
        Ok(found) => compose::section(question, found, &passages, documents),
        Err(error) => compose::failed(&error),
    }
}

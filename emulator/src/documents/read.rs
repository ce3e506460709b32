//! The one function that both the child process and the embedded worker run.

use std::io::{ErrorKind, Read};

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::office::{self, Holds};
use super::{Document, Limits, Unreadable, csv, docx, html, markdown, pdf, plain, sheets};

/// What a worker is told besides the content.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) limits: Limits,
}

pub(super) fn read(input: impl Read, request: &Request) -> Result<Document, Unreadable> {
    let Limits { file, text, .. } = request.limits;
    let mut content = Vec::new();
    let read = input.take(file.saturating_add(1)).read_to_end(&mut content);
    read.map_err(|error| match error.kind() {
        ErrorKind::OutOfMemory => Unreadable::TooMuchMemory,
        _ => Unreadable::Broken(format!("it cannot be read: {error}")),
    })?;
    if content.is_empty() {
        return Err(Unreadable::Empty);
    }
    if content.len() as u64 > file {
        return Err(Unreadable::TooMuchMemory);
    }
    let document = match Kind::of(&request.name, &request.mime, &content)? {
        Kind::Pdf => pdf::read(content, text),
        Kind::Office => office(content, file, text),
        Kind::Html => html::read(&content, text),
        Kind::Csv => csv::read(&content, text),
        Kind::Markdown => markdown::read(&content),
        Kind::Plain => plain::read(&content),
    }?;
    let size: usize = document.pages.iter().map(|page| page.text.len()).sum();
    if size as u64 > text { Err(Unreadable::TooMuchMemory) } else { Ok(document) }
}

fn office(content: Vec<u8>, file: u64, text: u64) -> Result<Document, Unreadable> {
    let mut archive = office::open(content)?;
    let holds = office::holds(&archive);
    if holds == Holds::Other {
        return Err(Unreadable::Unsupported("an archive that is neither DOCX nor XLSX".to_owned()));
    }
    office::check(&mut archive, file)?;
    if holds == Holds::Text { docx::read(archive, text) } else { sheets::read(archive.into_inner().into_inner(), text) }
}

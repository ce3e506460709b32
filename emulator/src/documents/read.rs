//! The one function that both the child process and the embedded worker run.

use std::io::{ErrorKind, Read};

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::{Document, Limits, Unreadable, markdown, pdf, plain};

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
        Kind::Markdown => markdown::read(&content),
        Kind::Plain => plain::read(&content),
    }?;
    let size: usize = document.pages.iter().map(|page| page.text.len()).sum();
    if size as u64 > text { Err(Unreadable::TooMuchMemory) } else { Ok(document) }
}

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a document gave no text. The sentence names what is wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// It opens only with a password.
    #[error("the document is encrypted and opens only with a password: save a copy without the password and use that")]
    Encrypted,
    /// It holds no text, but perhaps pictures of some.
    #[error("no text found, and pictures are not read: use a copy whose text can be selected")]
    NoText,
    /// There is nothing in it.
    #[error("the file is empty: check that it was saved and copied completely")]
    Empty,
    /// It cannot be parsed, or parsing it went wrong.
    #[error("the document is damaged ({0}): save it again from the program that made it, or fetch it again")]
    Broken(String),
    /// Reading it took longer than allowed.
    #[error("reading the document took too long and was stopped: split it, or save it again in a simpler form")]
    TimedOut,
    /// Reading it took more memory than allowed.
    #[error(
        "the document unpacks to more than the memory allowed for it: split it, or save it again without its pictures"
    )]
    TooMuchMemory,
    /// It is of a kind that cannot be read.
    #[error("{0} cannot be read: save the document as PDF, DOCX, XLSX, HTML, CSV, Markdown or plain text")]
    Unsupported(String),
}

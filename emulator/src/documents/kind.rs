//! Which reader a document needs.

use super::Unreadable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pdf,
    /// DOCX or XLSX: the archive's parts tell.
    Office,
    Html,
    Csv,
    Markdown,
    Plain,
}

/// What a ZIP archive begins with.
const ZIP: &[u8] = b"PK\x03\x04";
/// What the Office files of before 2007 begin with, and those of today that need a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

impl Kind {
    /// The content decides where it can; otherwise the name's ending, then the media type.
    pub(super) fn of(name: &str, mime: &str, content: &[u8]) -> Result<Self, Unreadable> {
        // Viewers accept some bytes before the header, and files in the wild have them.
        let head = content.get(..1024).unwrap_or(content);
        if head.windows(5).any(|window| window == b"%PDF-") {
            return Ok(Self::Pdf);
        }
        if head.starts_with(ZIP) {
            return Ok(Self::Office);
        }
        if head.starts_with(COMPOUND) {
            return Err(compound(content));
        }
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match (ending.as_str(), mime.as_str()) {
            ("pdf", _) | ("", "application/pdf") => Ok(Self::Pdf),
            // Some programs export pages under the name of a spreadsheet.
            ("xls" | "xlsx" | "doc" | "docx" | "", _) if is_html(head) => Ok(Self::Html),
            ("docx" | "docm" | "xlsx" | "xlsm", _) => {
                Err(Unreadable::Broken("it is not the archive that its name promises".to_owned()))
            }
            ("md" | "markdown" | "mdown", _) => Ok(Self::Markdown),
            ("html" | "htm" | "xhtml", _) => Ok(Self::Html),
            ("csv" | "tsv" | "tab", _) => Ok(Self::Csv),
            ("txt" | "text" | "log" | "rst" | "adoc", _) => Ok(Self::Plain),
            (_, "application/pdf") => Ok(Self::Pdf),
            (_, "text/markdown") => Ok(Self::Markdown),
            (_, "text/html" | "application/xhtml+xml") => Ok(Self::Html),
            (_, "text/csv" | "text/tab-separated-values") => Ok(Self::Csv),
            (_, "text/plain") => Ok(Self::Plain),
            ("", "" | "application/octet-stream") if is_text(head) => Ok(Self::Plain),
            (_, "" | "application/octet-stream") if !ending.is_empty() => {
                Err(Unreadable::Unsupported(format!("a .{ending} file")))
            }
            (_, "" | "application/octet-stream") => Err(Unreadable::Unsupported("a file of unknown kind".to_owned())),
            (_, mime) => Err(Unreadable::Unsupported(format!("a file of type {mime}"))),
        }
    }
}

fn is_text(head: &[u8]) -> bool {
    !head.contains(&0)
}

fn is_html(head: &[u8]) -> bool {
    let start = head.trim_ascii_start().to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// Why a compound file gives no text. One that needs a password names its encrypted part, in UTF-16.
fn compound(content: &[u8]) -> Unreadable {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if content.windows(name.len()).any(|window| window == name) {
        return Unreadable::Encrypted;
    }
    Unreadable::Unsupported("an Office file in the format of before 2007".to_owned())
}

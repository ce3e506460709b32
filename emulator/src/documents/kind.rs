//! Which reader a document needs.

use super::Unreadable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pdf,
    Markdown,
    Plain,
}

impl Kind {
    /// The content decides about PDF; otherwise the name's ending, then the media type.
    pub(super) fn of(name: &str, mime: &str, content: &[u8]) -> Result<Self, Unreadable> {
        // Viewers accept some bytes before the header, and files in the wild have them.
        let head = content.get(..1024).unwrap_or(content);
        if head.windows(5).any(|window| window == b"%PDF-") {
            return Ok(Self::Pdf);
        }
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match (ending.as_str(), mime.as_str()) {
            ("pdf", _) | ("", "application/pdf") => Ok(Self::Pdf),
            ("md" | "markdown" | "mdown", _) => Ok(Self::Markdown),
            ("txt" | "text" | "log" | "csv" | "tsv" | "rst" | "adoc", _) => Ok(Self::Plain),
            (_, "application/pdf") => Ok(Self::Pdf),
            (_, "text/markdown") => Ok(Self::Markdown),
            (_, "text/plain" | "text/csv" | "text/tab-separated-values") => Ok(Self::Plain),
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

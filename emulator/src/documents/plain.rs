//! Plain text: decoded, cut into pages at form feeds.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Document, Unreadable};

pub(super) fn read(content: &[u8]) -> Result<Document, Unreadable> {
    let text = decode(content)?;
    let document = Document::from_texts(text.split('\u{c}').map(tidy));
    if document.has_text() { Ok(document) } else { Err(Unreadable::Empty) }
}

/// UTF-8 or UTF-16 by byte order mark, else UTF-8, else the encoding that older Windows programs write.
pub(super) fn decode(content: &[u8]) -> Result<String, Unreadable> {
    if let Some((encoding, mark)) = Encoding::for_bom(content) {
        let rest = content.get(mark..).unwrap_or_default();
        return Ok(encoding.decode_without_bom_handling(rest).0.into_owned());
    }
    if content.contains(&0) {
        return Err(Unreadable::Broken("it is named a text but holds binary data".to_owned()));
    }
    let encoding = if std::str::from_utf8(content).is_ok() { UTF_8 } else { WINDOWS_1252 };
    Ok(encoding.decode_without_bom_handling(content).0.into_owned())
}

fn tidy(page: &str) -> String {
    let lines: Vec<&str> = page.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

//! HTML: what a page says, without navigation, scripts and forms. Tags are taken as they come and no tree is built, so
//! nesting costs nothing.

use std::cell::RefCell;

use encoding_rs::Encoding;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::blocks::Blocks;
use super::{Document, Unreadable, plain};

/// A page tells its encoding within this many bytes.
const HEAD: usize = 1024;

/// What is not read, with all that it holds.
const SKIPPED: &[&str] = &[
    "script", "style", "template", "noscript", "svg", "math", "nav", "select", "button", "iframe", "object", "canvas",
    "audio", "video", "title", "textarea", "noframes", "noembed", "xmp",
];

/// What begins and ends a paragraph.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "head",
    "header",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "ul",
];

pub(super) fn read(content: &[u8], most: u64) -> Result<Document, Unreadable> {
    let source = decode(content)?;
    let page = RefCell::new(Text { blocks: Blocks::new(most), ..Text::default() });
    let tokenizer = Tokenizer::new(Sink(page), TokenizerOpts::default());
    let input = BufferQueue::default();
    // In pieces: a tendril cannot hold 4 GiB, and what is done with is given back.
    let mut rest = source.as_str();
    while !rest.is_empty() {
        let end = (0..=rest.len().min(1 << 20)).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        input.push_back(StrTendril::from(piece));
        drop(tokenizer.feed(&input));
        rest = after;
    }
    tokenizer.end();
    let mut text = tokenizer.sink.0.into_inner();
    text.end_paragraph();
    text.blocks.finish()
}

/// By byte order mark, then by what the page says, then as plain text.
fn decode(content: &[u8]) -> Result<String, Unreadable> {
    let head = content.get(..HEAD).unwrap_or(content);
    let marked = Encoding::for_bom(content).is_some();
    match said(head).filter(|_| !marked) {
        Some(encoding) if std::str::from_utf8(content).is_err() => {
            Ok(encoding.decode_without_bom_handling(content).0.into_owned())
        }
        _ => plain::decode(content),
    }
}

/// The encoding that the beginning of a page names.
fn said(head: &[u8]) -> Option<&'static Encoding> {
    let lower = head.to_ascii_lowercase();
    let at = [&b"charset="[..], b"encoding="]
        .into_iter()
        .find_map(|name| lower.windows(name.len()).position(|window| window == name).map(|at| at + name.len()))?;
    let rest = lower.get(at..)?;
    let start = rest.iter().position(|byte| !matches!(byte, b'"' | b'\'' | b' '))?;
    let label: Vec<u8> = rest
        .get(start..)?
        .iter()
        .copied()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(byte))
        .collect();
    Encoding::for_label(&label)
}

struct Sink(RefCell<Text>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut text = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return text.tag(&tag),
            Token::CharacterTokens(characters) => text.characters(&characters),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Text {
    blocks: Blocks,
    paragraph: String,
    heading: bool,
    item: bool,
    preformatted: bool,
    /// The rows that are open: tables stand within cells.
    rows: Vec<Vec<String>>,
    /// What is not read, and how often it was opened within itself.
    skipped: Option<(String, usize)>,
}

impl Text {
    fn characters(&mut self, characters: &str) {
        if self.skipped.is_some() || self.blocks.is_full() {
            return;
        }
        if !self.preformatted || !self.rows.is_empty() {
            self.paragraph.push_str(characters);
            return;
        }
        for line in characters.split_inclusive('\n') {
            self.paragraph.push_str(line);
            if line.ends_with('\n') {
                self.end_paragraph();
            }
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let start = tag.kind == TagKind::StartTag;
        let raw = raw(name).filter(|_| start);
        let result = raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
        if let Some((skipped, depth)) = &mut self.skipped {
            if skipped == name {
                *depth = if start { *depth + usize::from(!tag.self_closing) } else { *depth - 1 };
                if *depth == 0 {
                    self.skipped = None;
                }
            }
            return result;
        }
        if start && SKIPPED.contains(&name) && !tag.self_closing {
            self.skipped = Some((name.to_owned(), 1));
            return result;
        }
        match (name, start) {
            ("td" | "th", true) => {
                self.end_cell();
                match self.rows.last_mut() {
                    Some(row) => row.push(String::new()),
                    None => self.rows.push(vec![String::new()]),
                }
            }
            ("td" | "th", false) => self.end_cell(),
            ("tr", true) => {
                // A row that was left open ends here, unless this one is of a table within its cell.
                self.end_row_of_same_table();
                self.end_paragraph();
                self.rows.push(Vec::new());
            }
            ("tr", false) => self.end_row(),
            ("table", true) => self.begin_table(),
            ("table", false) => self.end_table(),
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", _) => {
                self.end_paragraph();
                self.heading = start;
            }
            ("li", true) => {
                self.end_paragraph();
                self.item = true;
            }
            ("pre", _) => {
                self.end_paragraph();
                self.preformatted = start;
            }
            (name, _) if BLOCKS.contains(&name) => self.end_paragraph(),
            _ => {}
        }
        result
    }

    fn begin_table(&mut self) {
        self.end_paragraph();
        if self.rows.is_empty() {
            self.blocks.end_table();
        } else {
            // A mark, so that the rows of this table end before those around it.
            self.rows.push(vec![TABLE.to_owned()]);
        }
    }

    fn end_table(&mut self) {
        self.end_row_of_same_table();
        if self.rows.last().is_some_and(|row| is_mark(row)) {
            self.rows.pop();
        }
        if self.rows.is_empty() {
            self.end_paragraph();
            self.blocks.end_table();
        }
    }

    fn end_row_of_same_table(&mut self) {
        if self.rows.last().is_some_and(|row| !is_mark(row)) {
            self.end_row();
        }
    }

    fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        let cell = self.rows.iter_mut().rev().find(|row| !is_mark(row)).and_then(|row| row.last_mut());
        let text = text.trim();
        match cell {
            Some(cell) if !text.is_empty() => {
                if !cell.is_empty() {
                    cell.push(' ');
                }
                cell.push_str(text);
            }
            _ => {}
        }
    }

    fn end_row(&mut self) {
        if self.rows.last().is_none_or(|row| is_mark(row)) {
            return self.end_paragraph();
        }
        self.end_cell();
        let Some(row) = self.rows.pop() else { return };
        if self.rows.is_empty() {
            self.blocks.row(row.iter().map(String::as_str));
        } else {
            let full: Vec<&str> = row.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
            self.paragraph = full.join(", ");
            self.end_cell();
        }
    }

    fn end_paragraph(&mut self) {
        if !self.rows.is_empty() {
            return self.end_cell();
        }
        let text = std::mem::take(&mut self.paragraph);
        if text.trim().is_empty() {
            return;
        }
        let item = std::mem::take(&mut self.item);
        if self.heading {
            // Documentation puts a link to itself there.
            return self.blocks.paragraph(text.trim_end_matches(['#', '¶', ' ', '\n']), true);
        }
        self.blocks.paragraph(&if item { format!("• {text}") } else { text }, false);
    }
}

const TABLE: &str = "\0";

fn is_mark(row: &[String]) -> bool {
    row.first().is_some_and(|first| first == TABLE)
}

/// How the text of an element is to be read, if it holds no tags.
fn raw(name: &str) -> Option<RawKind> {
    match name {
        "script" => Some(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "title" | "textarea" => Some(RawKind::Rcdata),
        _ => None,
    }
}

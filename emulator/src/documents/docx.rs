//! DOCX: paragraphs, headings and tables in reading order. What was deleted or moved away with changes tracked, field
//! codes and tables of contents are not read; nor are macros.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::blocks::{Blocks, row};
use super::office::{Archive, part};
use super::{Document, Unreadable};

/// How a style shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Heading,
    Contents,
    Item,
}

type Styles = HashMap<String, Style>;

pub(super) fn read(mut archive: Archive, most: u64) -> Result<Document, Unreadable> {
    let styles = match part(&mut archive, "word/styles.xml")? {
        Some(styles) => read_styles(&mut reader(BufReader::new(styles)))?,
        None => Styles::new(),
    };
    let mut text = Text { styles, blocks: Blocks::new(most), ..Text::default() };
    let mut found = false;
    for name in ["word/document.xml", "word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(part) = part(&mut archive, name)? {
            text.read(&mut reader(BufReader::new(part)))?;
            found = true;
        }
    }
    if found { text.blocks.finish() } else { Err(Unreadable::Broken("it has no main part".to_owned())) }
}

fn reader<R: BufRead>(part: R) -> Reader<R> {
    let mut reader = Reader::from_reader(part);
    reader.config_mut().check_end_names = true;
    reader
}

fn broken(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::Broken(format!("its XML makes no sense: {error}"))
}

/// The value of an attribute, whatever its prefix.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found =
        attributes.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// Which styles are headings: by their names, which are English in every language's files, or by their outline level.
fn read_styles<R: BufRead>(reader: &mut Reader<R>) -> Result<Styles, Unreadable> {
    let mut styles = Styles::new();
    let mut based = HashMap::<String, String>::new();
    let mut id = String::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let (Event::Start(tag) | Event::Empty(tag)) = (match reader.read_event_into(&mut buffer).map_err(broken)? {
            Event::Eof => break,
            event @ (Event::Start(_) | Event::Empty(_)) => event,
            _ => continue,
        }) else {
            continue;
        };
        let value = || attribute(&tag, "val").unwrap_or_default();
        match tag.local_name().as_ref() {
            "style" => id = attribute(&tag, "styleId").unwrap_or_default(),
            "name" => {
                let name = value().to_lowercase();
                if name.starts_with("heading") || name == "title" {
                    styles.insert(id.clone(), Style::Heading);
                } else if name.starts_with("toc ") {
                    styles.insert(id.clone(), Style::Contents);
                }
            }
            "numPr" => drop(styles.entry(id.clone()).or_insert(Style::Item)),
            "outlineLvl" if is_level(&value()) => drop(styles.entry(id.clone()).or_insert(Style::Heading)),
            "basedOn" => drop(based.insert(id.clone(), value())),
            _ => {}
        }
    }
    // A style of one's own is mostly based on a heading directly.
    for (id, base) in based {
        if let Some(style) = styles.get(&base).copied() {
            styles.entry(id).or_insert(style);
        }
    }
    Ok(styles)
}

fn is_level(level: &str) -> bool {
    level.parse::<u8>().is_ok_and(|level| level < 9)
}

/// A paragraph that has begun.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<Style>,
    item: bool,
}

#[derive(Default)]
struct Text {
    styles: Styles,
    blocks: Blocks,
    /// Text boxes stand within paragraphs, and tables within cells.
    paragraphs: Vec<Paragraph>,
    rows: Vec<Vec<String>>,
    /// Within what is not read: how deep.
    skipping: usize,
    in_text: bool,
}

impl Text {
    fn read<R: BufRead>(&mut self, reader: &mut Reader<R>) -> Result<(), Unreadable> {
        let mut buffer = Vec::new();
        while !self.blocks.is_full() {
            buffer.clear();
            match reader.read_event_into(&mut buffer).map_err(broken)? {
                Event::Start(tag) => self.start(&tag, false),
                Event::Empty(tag) => self.start(&tag, true),
                Event::End(tag) => self.end(tag.local_name().as_ref()),
                Event::Text(text) => self.text(&text.xml_content(XmlVersion::Implicit1_0)),
                Event::CData(text) => self.text(&text.xml_content(XmlVersion::Implicit1_0)),
                Event::GeneralRef(reference) => {
                    let char = reference.resolve_char_ref().map_err(broken)?;
                    let named = quick_xml::escape::resolve_xml_entity(&reference);
                    match (char, named) {
                        (Some(char), _) => self.text(char.encode_utf8(&mut [0; 4])),
                        (None, Some(text)) => self.text(text),
                        (None, None) => return Err(broken("it names an unknown entity")),
                    }
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        self.paragraphs.clear();
        self.rows.clear();
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut().filter(|_| self.in_text && self.skipping == 0) {
            paragraph.text.push_str(text);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let name = tag.local_name();
        // Fallback says again what Choice says; moved text stands at its new place as well.
        if self.skipping > 0 || matches!(name.as_ref(), "Fallback" | "moveFrom" | "del") {
            self.skipping += usize::from(!empty);
            return;
        }
        let paragraph = self.paragraphs.last_mut();
        match (name.as_ref(), paragraph) {
            ("p", _) if !empty => self.paragraphs.push(Paragraph::default()),
            ("tr", _) if !empty => self.rows.push(Vec::new()),
            ("tc", _) => self.rows.last_mut().into_iter().for_each(|row| row.push(String::new())),
            ("gridSpan", _) => {
                let more = attribute(tag, "val")
                    .and_then(|span| span.parse::<u8>().ok())
                    .map_or(0, |span| span.saturating_sub(1));
                self.rows.last_mut().into_iter().for_each(|row| row.extend((0..more).map(|_| String::new())));
            }
            ("t", _) => self.in_text = !empty,
            ("pStyle", Some(paragraph)) => {
                let style = attribute(tag, "val").and_then(|id| self.styles.get(&id).copied());
                paragraph.style = style.or(paragraph.style);
            }
            ("outlineLvl", Some(paragraph)) if attribute(tag, "val").is_some_and(|level| is_level(&level)) => {
                paragraph.style = Some(Style::Heading);
            }
            ("numPr", Some(paragraph)) => paragraph.item = true,
            ("tab" | "br" | "cr", Some(paragraph)) => paragraph.text.push(' '),
            ("noBreakHyphen", Some(paragraph)) => paragraph.text.push('-'),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        match name {
            "t" => self.in_text = false,
            "p" => {
                let Some(Paragraph { text, style, item }) = self.paragraphs.pop() else { return };
                if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
                    append(cell, &text);
                } else if style != Some(Style::Contents) {
                    let heading = style == Some(Style::Heading);
                    let mark = if (item || style == Some(Style::Item)) && !heading && !text.trim().is_empty() {
                        "• "
                    } else {
                        ""
                    };
                    self.blocks.paragraph(&format!("{mark}{text}"), heading);
                }
            }
            "tr" => {
                let Some(cells) = self.rows.pop() else { return };
                let cells = cells.iter().map(String::as_str);
                match self.rows.last_mut().and_then(|row| row.last_mut()) {
                    Some(cell) => append(cell, &row(cells).replace(super::blocks::CELL, ", ")),
                    None => self.blocks.row(cells),
                }
            }
            "tbl" if self.rows.is_empty() => self.blocks.end_table(),
            _ => {}
        }
    }
}

fn append(cell: &mut String, text: &str) {
    if !cell.is_empty() && !text.is_empty() {
        cell.push(' ');
    }
    cell.push_str(text);
}

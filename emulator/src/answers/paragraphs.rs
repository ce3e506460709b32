//! From pages to paragraphs: running headers, contents and line breaks go, words cut at line ends become whole.

use std::collections::{HashMap, HashSet};

use crate::documents::{Document, Page, Unit};

/// A run of text that belongs together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub(super) page: u32,
    /// What is counted from 1 where there are no pages: paragraphs, or rows of a sheet.
    pub(super) line: u32,
    /// Rows of one table have the same.
    pub(super) table: u32,
    pub(super) text: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Heading,
    Text,
    /// One row of a table, its cells parted by [`CELL`].
    Row,
}

/// Parts the cells of a table's row.
pub(super) const CELL: &str = " | ";

/// Lines this near to the top or bottom of a page can be running ones.
const EDGE: usize = 3;
/// More headings than this do not follow each other.
const CHAIN: usize = 3;
/// More bytes than a word has.
const WORD: usize = 64;
/// A longer line is no heading.
const HEADING: usize = 80;

pub(super) fn paragraphs(document: &Document) -> Vec<Paragraph> {
    if document.unit == Unit::Page {
        return printed(document);
    }
    let mut paragraphs: Vec<Paragraph> = document.pages.iter().flat_map(|page| known(page, document.unit)).collect();
    if document.unit == Unit::Paragraph && document.pages.iter().all(|page| page.headings.is_empty()) {
        demote(&mut paragraphs);
    }
    paragraphs
}

/// The paragraphs of a page whose lines are whole paragraphs and rows.
fn known(page: &Page, unit: Unit) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let (mut count, mut table, mut before) = (0, 0, 0);
    for line in page.text.lines() {
        if line.is_empty() {
            table += 1;
            continue;
        }
        count += 1;
        let at = page.rows.get(count as usize - 1).copied().unwrap_or(count);
        if unit == Unit::Row && at > before + 1 {
            table += 1;
        }
        before = at;
        let text = line.trim_start_matches(['•', ' ']).replace("   ", CELL);
        // A row with one cell parts a table, as a title does.
        let guessed = (unit == Unit::Row || page.headings.is_empty()) && !line.starts_with('•') && is_heading(&text);
        let kind = if text.contains(CELL) {
            Kind::Row
        } else if guessed || page.headings.binary_search(&at).is_ok() {
            Kind::Heading
        } else {
            Kind::Text
        };
        paragraphs.push(Paragraph { page: page.number, line: at, table, text, kind });
    }
    paragraphs
}

/// The paragraphs of pages whose lines are those that are printed.
fn printed(document: &Document) -> Vec<Paragraph> {
    let running = running_lines(document);
    let words = words(document);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for page in &document.pages {
        let mut first = true;
        for block in blocks(&page.text, &running) {
            let text = joined(&block, &words);
            let kind = match block.as_slice() {
                _ if text.contains(CELL) => Kind::Row,
                [_] if is_heading(&text) => Kind::Heading,
                _ => Kind::Text,
            };
            let goes_on = first && kind == Kind::Text && text.starts_with(char::is_lowercase);
            first = false;
            let last = paragraphs.last_mut().filter(|last| goes_on && last.kind != Kind::Row && !ends(&last.text));
            if let Some(last) = last {
                // What looked like a heading at the foot of the page was the beginning of a sentence.
                last.kind = Kind::Text;
                append(&mut last.text, &text, &words);
            } else {
                paragraphs.push(Paragraph { page: page.number, line: 0, table: page.number, text, kind });
            }
        }
    }
    demote(&mut paragraphs);
    paragraphs
}

/// Short lines that nothing follows are labels, of a drawing for example, not headings.
fn demote(paragraphs: &mut [Paragraph]) {
    let mut followed = false;
    let mut chain = 0;
    for paragraph in paragraphs.iter_mut().rev() {
        if paragraph.kind == Kind::Heading && followed && chain < CHAIN {
            chain += 1;
        } else if paragraph.kind == Kind::Heading {
            paragraph.kind = Kind::Text;
            followed = false;
        } else {
            let cells = paragraph.text.matches(CELL).count();
            followed = if paragraph.kind == Kind::Row { cells >= 2 } else { paragraph.text.len() >= HEADING / 2 };
            chain = 0;
        }
    }
}

/// The blocks of a page that empty lines, bullets and table rows set apart.
fn blocks<'a>(text: &'a str, running: &HashSet<String>) -> Vec<Vec<&'a str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let full = lines.iter().filter(|line| !line.is_empty()).count();
    let mut blocks = vec![Vec::new()];
    let mut seen = 0;
    for line in lines {
        if line.is_empty() {
            blocks.push(Vec::new());
            continue;
        }
        seen += 1;
        let edge = seen <= EDGE || seen + EDGE > full;
        if edge && (is_page_number(line) || running.contains(&shape(line))) || is_contents(line) {
            continue;
        }
        let row = line.contains("   ");
        if row || is_item(line) {
            blocks.push(Vec::new());
        }
        if let Some(block) = blocks.last_mut() {
            block.push(line);
        }
        if row {
            blocks.push(Vec::new());
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The shapes of the lines that most pages carry at their edges.
fn running_lines(document: &Document) -> HashSet<String> {
    let mut counts = HashMap::<String, usize>::new();
    for page in &document.pages {
        let lines: Vec<&str> = page.text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let edges = lines.iter().take(EDGE).chain(lines.iter().skip(EDGE).rev().take(EDGE));
        let shapes: HashSet<String> = edges.map(|line| shape(line)).collect();
        for shape in shapes {
            *counts.entry(shape).or_default() += 1;
        }
    }
    let enough = (document.pages.len() / 3).max(3);
    counts.into_iter().filter(|(_, count)| *count >= enough).map(|(shape, _)| shape).collect()
}

/// A line with its numbers made alike.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    for char in line.chars() {
        if !char.is_numeric() {
            shape.push(char);
        } else if !shape.ends_with('#') {
            shape.push('#');
        }
    }
    shape
}

fn is_page_number(line: &str) -> bool {
    let line = line.to_lowercase();
    let rest = line.trim_start_matches("page").trim_matches(|char: char| !char.is_alphanumeric());
    !rest.is_empty()
        && rest
            .split(|char: char| !char.is_alphanumeric())
            .all(|word| word.is_empty() || word == "of" || word.chars().all(char::is_numeric))
}

/// A line of a table of contents: its title and page are joined by dots.
fn is_contents(line: &str) -> bool {
    let packed: String = line.chars().filter(|char| !char.is_whitespace()).collect();
    packed.contains("....") || packed.contains("····")
}

fn is_item(line: &str) -> bool {
    if line.starts_with(['•', '–', '▪', '◦', '‣', '·']) || line.starts_with("- ") || line.starts_with("* ") {
        return true;
    }
    let mark = line.split_whitespace().next().unwrap_or_default();
    let number = mark.trim_start_matches('(').trim_end_matches(['.', ')']);
    number.len() < mark.len() && number.len() <= 3 && number.chars().all(|char| char.is_ascii_digit())
        || mark.starts_with('(') && mark.ends_with(')') && number.len() == 1
}

fn is_heading(text: &str) -> bool {
    let count = text.chars().count();
    let begins = text.chars().next().is_some_and(|char| char.is_uppercase() || char.is_numeric());
    let letters = text.chars().filter(|char| char.is_alphabetic()).count();
    begins
        && (3..=HEADING).contains(&count)
        && letters * 2 > count
        && !text.contains(" | ")
        && !text.ends_with(['.', ',', ';', ':', '!'])
}

fn ends(text: &str) -> bool {
    text.ends_with(['.', '!', '?', ':', '”', '"', ')', '。'])
}

/// Every word of the document that no line end cut.
fn words(document: &Document) -> HashSet<String> {
    let mut words = HashSet::new();
    for line in document.pages.iter().flat_map(|page| page.text.lines()) {
        let line = line.trim();
        let whole = if line.ends_with('-') { line.rsplit_once(' ').map_or("", |(before, _)| before) } else { line };
        words.extend(whole.split_whitespace().map(bare));
    }
    words
}

fn bare(word: &str) -> String {
    word.trim_matches(|char: char| !char.is_alphanumeric()).to_lowercase()
}

fn joined(block: &[&str], words: &HashSet<String>) -> String {
    let mut text = String::new();
    for line in block {
        let cells: Vec<&str> = line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        append(&mut text, &cells.join(CELL), words);
    }
    text.trim_start_matches(['•', '▪', '◦', '‣', '·', '–']).trim().to_owned()
}

/// The first place within the last `most` bytes where a character begins.
fn boundary_after(text: &str, most: usize) -> usize {
    (text.len().saturating_sub(most)..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Adds a line. A hyphen at the end of the one before stays only if the word has it elsewhere, too.
fn append(text: &mut String, line: &str, words: &HashSet<String>) {
    let cut = text.ends_with('-') && line.starts_with(char::is_lowercase);
    if !cut {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
        return;
    }
    // A word is short; looking farther back would make a line of hyphens costly.
    let near = text.get(boundary_after(text, WORD)..).unwrap_or_default();
    let before = bare(near.trim_end_matches('-').rsplit(' ').next().unwrap_or_default());
    let after = bare(line.split(' ').next().unwrap_or_default());
    let compound = words.contains(&format!("{before}-{after}"));
    let apart = words.contains(&before) && words.contains(&after);
    if !compound && (words.contains(&format!("{before}{after}")) || !apart) {
        text.pop();
    }
    text.push_str(line);
}

//! What was found, as the conversation's text, a report and a table.

use std::fmt::{Display, Write};

use serde_json::{Map, Value, json};

use super::passages::Passage;
use super::place::Place;
use super::question::{Kind, Question};
use super::sentences::boundary;
use super::{Answer, Finding, Found, Section, Source};
use crate::documents::{Document, Unit};

const COLUMNS: [(&str, &str); 6] =
    [("no", "No."), ("finding", "Finding"), ("file", "File"), ("page", "Page"), ("place", "Place"), ("score", "Score")];
/// A longer question is shortened in titles.
const TITLE: usize = 80;
/// A longer question is shortened where it is repeated.
const REPEATED: usize = 500;
/// How many headings tell what a document contains.
const HEADINGS: usize = 8;

pub(super) fn compose(question: &Question, section: Section, documents: &[Source]) -> Answer {
    let Section { lead, text, body, findings } = section;
    let (columns, rows) = table(&findings);
    Answer { text, report: report(question, &lead, &body, documents), columns, rows }
}

/// What was found in `documents`, in words.
pub(super) fn section(question: &Question, found: Found, passages: &[Passage], documents: &[Source]) -> Section {
    let lead = lead(question, &found, documents);
    let mut text = format!("{lead}\n");
    let mut body = String::new();
    if found.findings.is_empty() {
        let contents = contents(passages);
        line(&mut text, format_args!("\n{contents}"));
        line(&mut body, escaped(&contents));
    }
    if question.kind == Kind::List {
        text.push('\n');
    }
    for (finding, number) in found.findings.iter().zip(1..) {
        let cited = cited(&finding.file, &finding.place);
        let quote = one_line(&finding.quote);
        match question.kind {
            Kind::List => line(&mut text, format_args!("- {quote} {cited}")),
            Kind::Find | Kind::Summary => line(&mut text, format_args!("\n“{quote}” {cited}")),
        }
        let heading = finding.heading.as_deref().map(|heading| format!("**{}.** ", escaped(heading)));
        let cited =
            format!("[{}, {}]", escaped(&one_line(&finding.file)), escaped(&one_line(&finding.place.to_string())));
        line(&mut body, format_args!("{number}. {}{} {cited}", heading.unwrap_or_default(), escaped(&quote)));
    }
    for note in notes(&found, documents) {
        line(&mut text, format_args!("\n{note}"));
    }
    Section { lead, text: text.trim().to_owned(), body, findings: found.findings }
}

/// What is said when the documents could not be searched.
pub(super) fn failed(problem: &dyn Display) -> Section {
    let lead = format!("The documents could not be searched: {problem}.");
    Section { text: lead.clone(), lead, body: String::new(), findings: Vec::new() }
}

/// The sentence that says what follows.
fn lead(question: &Question, found: &Found, documents: &[Source]) -> String {
    let readable = documents.iter().filter(|(_, document)| document.is_ok()).count();
    let subject = match documents {
        [(name, _)] => one_line(name),
        _ if readable == 1 => "the one readable document".to_owned(),
        _ => format!("the {readable} documents"),
    };
    if documents.is_empty() {
        return "There are no documents to answer from. Attach at least one PDF, DOCX, XLSX, HTML, CSV, Markdown or plain text file."
            .to_owned();
    }
    if readable == 0 {
        return "None of the documents could be read, so there is nothing to answer from.".to_owned();
    }
    let asked: Vec<String> = question.terms.iter().filter(|term| !found.unknown.contains(term)).map(mark).collect();
    let about = if asked.is_empty() { String::new() } else { format!(" about {}", asked.join(", ")) };
    match (question.kind, found.findings.is_empty()) {
        (Kind::Summary, true) => format!("There is no running text in {subject}."),
        (Kind::List, true) if question.terms.is_empty() => format!("Nothing to do is named in {subject}."),
        (_, true) => {
            let words: Vec<String> = question.terms.iter().map(mark).collect();
            format!("Nothing about {} was found in {subject}.", words.join(", "))
        }
        (Kind::Summary, false) => format!("Summary of {subject}, in its own words:"),
        (Kind::List, false) => format!("{} from {subject}{about}:", question.title),
        (Kind::Find, false) => format!("What {subject} says{about}:"),
    }
}

/// What else the reader should know.
fn notes(found: &Found, documents: &[Source]) -> Vec<String> {
    let mut notes = Vec::new();
    if !found.findings.is_empty() && !found.unknown.is_empty() {
        let words: Vec<String> = found.unknown.iter().map(mark).collect();
        notes.push(format!("Not found in the documents: {}.", words.join(", ")));
    }
    let unreadable = documents.iter().filter_map(|(name, document)| Some((name, document.as_ref().err()?)));
    notes.extend(unreadable.map(|(name, reason)| format!("Could not read {}: {reason}.", one_line(name))));
    notes
}

/// What the documents do contain, when nothing was found.
fn contents(passages: &[Passage]) -> String {
    let mut headings: Vec<String> = Vec::new();
    for passage in passages {
        let Some(heading) = &passage.heading else { continue };
        let place = Place { heading: None, ..passage.place(0..=0) };
        let entry = format!("“{}” {}", one_line(heading), cited(&passage.file, &place));
        if passage.leads && headings.len() < HEADINGS {
            headings.push(entry);
        }
    }
    if !headings.is_empty() {
        return format!("The documents have sections on {}.", headings.join(", "));
    }
    let Some(first) = passages.first() else { return String::new() };
    let opening = first.sentences.first().map(|sentence| one_line(&sentence.text)).unwrap_or_default();
    format!("The first document begins: “{opening}” {}", cited(&first.file, &first.place(0..=0)))
}

fn cited(file: &str, place: &Place) -> String {
    format!("[{}, {}]", one_line(file), one_line(&place.to_string()))
}

fn report(question: &Question, lead: &str, body: &str, documents: &[Source]) -> String {
    let title = match question.kind {
        Kind::Summary => "Summary".to_owned(),
        Kind::List => question.title.to_owned(),
        Kind::Find => format!("Findings: {}", escaped(&shortened(&question.text, TITLE))),
    };
    let asked = escaped(&shortened(&question.text, REPEATED));
    let mut report = format!("# {title}\n\n**Question:** {asked}\n");
    if question.turn > 1 {
        line(&mut report, format_args!("\n**Turn:** {}", question.turn));
    }
    line(&mut report, format_args!("\n## Findings\n\n{}\n\n{}", escaped(lead), body.trim()));
    report + &sources(documents)
}

/// The report's list of documents.
pub(super) fn sources(documents: &[Source]) -> String {
    let mut report = "\n## Sources\n\n".to_owned();
    for (name, document) in documents {
        let name = escaped(&one_line(name));
        match document {
            Ok(document) => line(&mut report, format_args!("- {name}: {}", extent(document))),
            Err(reason) => line(&mut report, format_args!("- {name}: not read, {}", escaped(&reason.to_string()))),
        }
    }
    if documents.is_empty() {
        line(&mut report, "None.");
    }
    report
}

/// How much a document holds.
fn extent(document: &Document) -> String {
    let lines: usize =
        document.pages.iter().map(|page| page.text.lines().filter(|line| !line.is_empty()).count()).sum();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match document.unit {
        Unit::Page => counted(document.pages.len(), "page"),
        Unit::Paragraph => counted(lines, "paragraph"),
        Unit::Row if document.pages.iter().any(|page| page.name.is_some()) => {
            format!("{}, {}", counted(document.pages.len(), "sheet"), counted(lines, "row"))
        }
        Unit::Row => counted(lines, "row"),
    }
}

/// A table's columns, each with its id and its name, and its rows by the columns' ids.
type Table = (Vec<(String, String)>, Vec<Map<String, Value>>);

/// The table of what is quoted. Its places have a column of their own if some of them are no pages.
pub(super) fn table(findings: &[Finding]) -> Table {
    let paged = findings.iter().all(|finding| finding.place.unit == Unit::Page);
    let columns: Vec<(&str, &str)> = COLUMNS.into_iter().filter(|(id, _)| *id != "place" || !paged).collect();
    let row = |(finding, number): (&Finding, u32)| {
        let Finding { quote, file, place, score, .. } = finding;
        let page = (place.unit == Unit::Page).then_some(place.page);
        let values = [json!(number), json!(quote), json!(file), json!(page), json!(place.to_string()), json!(score)];
        let named = COLUMNS.into_iter().zip(values).filter(|(column, _)| columns.contains(column));
        named.map(|((id, _), value)| (id.to_owned(), value)).collect()
    };
    let rows = findings.iter().zip(1..).map(row).collect();
    (columns.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect(), rows)
}

pub(super) fn line(text: &mut String, line: impl Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

fn mark(term: &String) -> String {
    format!("“{term}”")
}

pub(super) fn one_line(text: &str) -> String {
    let printable = text.chars().filter(|char| !char.is_control() || char.is_whitespace());
    printable.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let cut = text.get(..boundary(text, most)).unwrap_or_default();
    let whole = cut.rsplit_once(' ').map_or(cut, |(whole, _)| whole);
    format!("{whole} …")
}

/// The text with what Markdown would read as marks, links or HTML made plain.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '|' | '#') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

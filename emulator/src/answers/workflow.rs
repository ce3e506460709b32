//! What a workflow makes of its files, slot by slot.

use serde_json::json;

use super::compose::{escaped, line, one_line, sources, table};
use super::question::Question;
use super::{Answer, Source, section};

/// Does what `description` says with the documents of each slot: a list of what is to be done if it names one,
/// otherwise a summary.
///
/// The same input gives the same answer.
pub fn run(name: &str, description: &str, slots: &[(String, Vec<Source>)]) -> Answer {
    let task = Question::task(description);
    let name = one_line(name);
    let mut text = format!("The workflow “{name}”");
    let mut report = format!("# {}\n\n{}\n", escaped(&name), escaped(&one_line(description)));
    let (mut findings, mut taken_for) = (Vec::new(), Vec::new());
    line(
        &mut text,
        if slots.is_empty() { " has no files and no prompt to work on." } else { " on what it was given:" },
    );
    for (slot, documents) in slots {
        let slot = one_line(slot);
        line(&mut report, format_args!("\n## {}\n", escaped(&slot)));
        if documents.is_empty() {
            line(&mut text, format_args!("\n{slot}: nothing was given."));
            line(&mut report, "Nothing was given.");
            continue;
        }
        let found = section(&task, documents);
        let names: Vec<String> = documents.iter().map(|(name, _)| one_line(name)).collect();
        line(&mut text, format_args!("\n{slot} ({}):\n\n{}", names.join(", "), found.text));
        line(&mut report, format_args!("{}\n\n{}", escaped(&found.lead), found.body.trim()));
        taken_for.extend(found.findings.iter().map(|_| slot.clone()));
        findings.extend(found.findings);
    }
    let all: Vec<Source> = slots.iter().flat_map(|(_, documents)| documents.iter().cloned()).collect();
    report += &sources(&all);
    let (mut columns, mut rows) = table(&findings);
    columns.push(("slot".to_owned(), "Slot".to_owned()));
    for (row, slot) in rows.iter_mut().zip(taken_for) {
        row.insert("slot".to_owned(), json!(slot));
    }
    Answer { text: text.trim().to_owned(), report, columns, rows }
}

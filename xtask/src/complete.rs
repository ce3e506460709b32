//! Whether every record that a user can hold is known to the generator.

use nomkit::record::{Shape, Type};

/// Crosses as the fields of an exception, never as a record.
const NOT_HELD: &[&str] = &["ErrorInfo"];

/// The names of records that are written in the core, or reachable from a listed one, and not listed.
pub(crate) fn missing() -> Vec<String> {
    let mut found = Vec::new();
    for record in nomkit::RECORDS.iter().chain(nomkit::OPTIONS) {
        record.fields.iter().for_each(|field| visit(&field.ty, &mut found));
    }
    visit(&<nomkit::ErrorInfo as nomkit::record::Expose>::TYPE, &mut found);
    found.extend(written());
    found.sort();
    found.dedup();
    found.retain(|name| !is_listed(name, nomkit::RECORDS) && !NOT_HELD.contains(&name.as_str()));
    found
}

fn is_listed(name: &str, records: &[&Shape]) -> bool {
    records.iter().any(|record| record.name == name)
}

fn visit(ty: &'static Type, found: &mut Vec<String>) {
    match ty {
        Type::List(inner) | Type::Optional(inner) => visit(inner, found),
        Type::Record(shape) if !found.iter().any(|name| name == shape.name) => {
            found.push(shape.name.to_owned());
            shape.fields.iter().for_each(|field| visit(&field.ty, found));
        }
        _ => {}
    }
}

/// What methods return is a `#[record]` of the core's source.
fn written() -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![std::path::PathBuf::from("core/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(path) {
                names.extend(records_in(&text));
            }
        }
    }
    names
}

fn records_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        marked |= line == "#[record]" || line == "#[record(behaviour)]";
        if let Some(rest) = line.strip_prefix("pub struct ").filter(|_| marked) {
            names.extend(rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned));
            marked = false;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_only_written_is_found() {
        let source =
            "#[record]\n/// Doc.\npub struct Fresh {\n}\npub struct Plain;\n#[record(behaviour)]\npub struct Deed {";
        assert_eq!(records_in(source), ["Fresh", "Deed"]);
    }

    #[test]
    fn a_record_that_is_only_reachable_is_found() {
        let mut found = Vec::new();
        visit(&<nomkit::RunResult as nomkit::record::Expose>::TYPE, &mut found);
        assert!(["RunResult", "Agent", "FileRef", "Artifact", "Column"].iter().all(|n| found.iter().any(|f| f == n)));
        assert!(!is_listed("RunResult", &nomkit::RECORDS[..1]));
    }
}

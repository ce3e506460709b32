//! Names of options in the languages that write camelCase.

use nomkit::record::camel;

/// What errors name: options, and arguments that are none.
pub(crate) fn spelt() -> Vec<(&'static str, String)> {
    let options = nomkit::OPTIONS.iter().flat_map(|options| options.fields).map(|field| field.name);
    let mut names = options.chain(["agent_id", "artifact_id"]).filter(|name| name.contains('_')).collect::<Vec<_>>();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| (name, camel(name))).collect()
}

/// The same as the lines of a table, as `line` writes one.
pub(crate) fn table(line: impl Fn(&str, &str) -> String) -> String {
    spelt().iter().map(|(name, camel)| line(name, camel)).collect()
}

/// What is said, with options as they are written here.
pub(crate) fn respelt(doc: &str) -> String {
    spelt().iter().fold(doc.to_owned(), |doc, (name, camel)| doc.replace(&format!("`{name}`"), &format!("`{camel}`")))
}

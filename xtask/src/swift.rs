//! Swift's classes of errors (one type with a kind, since Swift has no tree of errors), and the words of open enums. Its
//! records come from the bridge.

use crate::spelling::table;
use nomkit::{
    ErrorKind,
    error::{Class, field_doc},
    record::camel,
};
use std::collections::BTreeSet;

pub(crate) fn errors() -> String {
    let classes = || ErrorKind::ALL.iter().map(|(_, class)| class);
    let mut out = HEAD.to_owned();
    for class in classes().filter(|class| !class.code.is_empty()) {
        out += &format!("        /// {}\n        case {} = \"{}\"\n", class.doc, declared(class), class.code);
    }
    for group in classes().filter(|class| class.code.is_empty()) {
        let members = classes().filter(|class| class.parent == group.stem);
        let cases = members.map(|class| format!("                .{}", case(class))).collect::<Vec<_>>().join(",\n");
        out += &format!("\n        /// Whether it is one of these: {}\n", lower(group.doc));
        out += &format!("        public var is{}: Bool {{\n            switch self {{\n", upper(group.stem));
        out += &format!("            case {}:\n                true\n", cases.trim_start());
        out += "            default:\n                false\n            }\n        }\n";
    }
    out += "    }\n";
    let mut told = BTreeSet::new();
    for (name, ty) in classes().flat_map(|class| class.fields) {
        if told.insert(name) {
            let (ty, read) = match *ty {
                "float?" => ("Duration?", "seconds"),
                "bool" => ("Bool", "flag"),
                "list" => ("[Json]", "list"),
                _ => ("String?", "text"),
            };
            let owners = classes().filter(|class| class.fields.iter().any(|(field, _)| field == name));
            let owners = owners.map(|class| format!("`.{}`", case(class))).collect::<Vec<_>>().join(", ");
            out += &format!("\n    /// Of {owners}: {}\n", lower(&said(name, ty)));
            out += &format!("    public var {}: {ty} {{ {read}(\"{name}\") }}\n", camel(name));
        }
    }
    out += "}\n\n/// The names of arguments that the core spells otherwise.\nlet spelt = [\n";
    // What is short for several words is written in one case.
    out + &table(|name, camel| format!("    \"{name}\": \"{}\",\n", camel.replace("Url", "URL"))) + "]\n"
}

/// Open enums as the words that they are, `Codable` included.
pub(crate) fn words() -> String {
    let mut out = WORDS_HEAD.to_owned();
    let enums = [nomkit::RECORDS, nomkit::FIELDS].map(crate::python::enums).concat();
    for words in enums {
        out += &format!("\nextension {}: RawRepresentable {{\n", words.name);
        out += "    /// The case of a word; one that this version does not know is `other`.\n";
        out += "    public init(rawValue: String) {\n        self =\n            switch rawValue {\n";
        for (word, _) in words.known {
            out += &format!("            case \"{word}\": .{}\n", camel(&word.to_lowercase()));
        }
        out += "            default: .other(rawValue)\n            }\n    }\n\n";
        out += "    /// Its word.\n    public var rawValue: String { description }\n}\n";
    }
    out
}

fn said(name: &str, ty: &str) -> String {
    match ty {
        "Duration?" => field_doc(name).replace("how many seconds", "how long"),
        _ => field_doc(name).to_owned(),
    }
}

/// `NotFound` → `notFound`.
fn case(class: &Class) -> String {
    lower(class.stem)
}

/// The same where it is declared.
fn declared(class: &Class) -> String {
    match class.stem {
        "Protocol" => "`protocol`".to_owned(),
        _ => case(class),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default() + letters.as_str()
}

/// `Api` → `API`, as Swift writes short words of this kind.
fn upper(stem: &str) -> String {
    if stem.len() <= 3 { stem.to_uppercase() } else { stem.to_owned() }
}

const HEAD: &str = "// Written by `cargo xtask records` from core/src/error.rs. Do not edit.

extension NomkitError {
    /// What went wrong, by class; `code` is its stable word in every language.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
";

const WORDS_HEAD: &str = "// Written by `cargo xtask records` from the core's open enums. Do not edit.
";

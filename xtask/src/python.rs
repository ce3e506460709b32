//! Python's records: frozen dataclasses and open enums.

use nomkit::record::{Field, Shape, Type, Words};

pub(crate) fn records() -> String {
    let mut out = HEAD.to_owned();
    for behaviour in nomkit::RECORDS.iter().filter(|record| record.behaviour) {
        out += &format!("from ._behaviour import {}Behaviour\n", behaviour.name);
    }
    out += "from ._error import NomkitError
from ._record import Record
from ._words import Word, known
";
    let names = names().iter().map(|name| format!("    \"{name}\",\n")).collect::<String>();
    out += &format!("\n__all__ = [\n{names}]\n\nT = TypeVar(\"T\")\n");
    for words in enums(nomkit::RECORDS) {
        out += &format!("\n\nclass {}(Word):\n    \"\"\"{}\"\"\"\n\n    __slots__ = ()\n\n", words.name, words.doc);
        for (word, doc) in words.known {
            out += &format!("    {}: ClassVar[{}] = known(\"{word}\")\n", word.to_uppercase(), words.name);
            out += &format!("    \"\"\"{doc}\"\"\"\n");
        }
    }
    for record in nomkit::RECORDS {
        let base = if record.behaviour { format!("{}Behaviour", record.name) } else { "Record".to_owned() };
        out += "\n\n@dataclass(frozen=True, slots=True, repr=False)\n";
        out += &format!("class {}({base}):\n    \"\"\"{}\"\"\"\n\n", record.name, record.doc);
        for field in record.fields {
            out += &format!("    {}: {}{}\n", field.name, ty(&field.ty), default(field));
            out += &format!("    \"\"\"{}\"\"\"\n", field.doc.replace('\n', "\n    "));
        }
    }
    out + PAGE
}

/// The package's front with the names that it exports and its version: what stands between the mark and the next line
/// that nobody generates.
pub(crate) fn exports(front: &str) -> Option<String> {
    let (before, rest) = front.split_once(MARK)?;
    let (_, after) = rest.split_once("\n__version__ = ")?.1.split_once('\n')?;
    let errors = crate::errors::names().into_iter();
    let names = errors.chain(names().into_iter().map(str::to_owned)).map(|name| format!("    \"{name}\",\n"));
    let version = env!("CARGO_PKG_VERSION");
    Some(format!("{before}{MARK}{}]\n\n__version__ = \"{version}\"\n{after}", names.collect::<String>()))
}

/// The names in `nomkit.records`.
fn names() -> Vec<&'static str> {
    let mut names = enums(nomkit::RECORDS).iter().map(|words| words.name).collect::<Vec<_>>();
    names.extend(nomkit::RECORDS.iter().map(|record| record.name));
    names.push("Page");
    names.sort_unstable();
    names
}

/// Every open enum that these use, once.
pub(crate) fn enums(records: &[&'static Shape]) -> Vec<&'static Words> {
    let mut found: Vec<&'static Words> = Vec::new();
    let mut types = records.iter().flat_map(|record| record.fields).map(|field| &field.ty).collect::<Vec<_>>();
    while let Some(ty) = types.pop() {
        match ty {
            Type::Word(words) if !found.iter().any(|known| known.name == words.name) => found.push(words),
            Type::List(inner) | Type::Optional(inner) => types.push(inner),
            _ => {}
        }
    }
    found.sort_by_key(|words| words.name);
    found
}

fn ty(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::Int => "int".into(),
        Type::Float => "float".into(),
        Type::Text => "str".into(),
        Type::Time => "datetime".into(),
        Type::Json => "Any".into(),
        Type::Extra => "dict[str, Any]".into(),
        Type::Error => "NomkitError".into(),
        Type::Word(words) => words.name.into(),
        Type::Record(record) => record.name.into(),
        Type::List(inner) => format!("tuple[{}, ...]", self::ty(inner)),
        Type::Optional(inner) => format!("{} | None", self::ty(inner)),
    }
}

/// `extra` is last and may be left out; what holds JSON, or an error, takes no part in hashing.
fn default(field: &Field) -> &'static str {
    match field.ty {
        Type::Extra => " = field(default_factory=dict, hash=False, repr=False)",
        Type::Json | Type::List(Type::Extra) | Type::Optional(Type::Error) => " = field(hash=False)",
        _ => "",
    }
}

const MARK: &str = "    # Written by `cargo xtask records`, so that listing the names loads nothing.\n";

const HEAD: &str = r#"# Written by `cargo xtask records` from the core's model. Do not edit.
"""What the platforms send, as frozen dataclasses and open enums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

"#;

const PAGE: &str = r#"

@dataclass(frozen=True, repr=False)
class Page(Record, Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    """Its items."""
    total_count: int | None
    """How many the whole list has, if the server said so."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
"#;

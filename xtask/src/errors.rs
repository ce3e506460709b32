//! Each language's error classes, from the one table.

use nomkit::{
    ErrorKind,
    error::{Class, field_doc},
};

fn classes() -> impl Iterator<Item = &'static Class> {
    ErrorKind::ALL.iter().map(|(_, class)| class)
}

/// The names in `nomkit.errors`.
pub(crate) fn names() -> Vec<String> {
    classes().map(|class| format!("{}Error", class.stem)).chain(["NomkitError".to_owned()]).collect()
}

pub(crate) fn python() -> String {
    let mut out = PYTHON_HEAD.to_owned();
    let names = names().iter().map(|name| format!("    \"{name}\",\n")).collect::<String>();
    out += &format!("\n__all__ = [\n{names}]\n");
    for class in classes() {
        // What users already catch for this keeps working.
        let also = if class.stem == "WaitTimeout" { ", TimeoutError" } else { "" };
        out += &format!("\n\n@register(\"{}\")\n", class.code);
        out += &format!("class {}Error({}Error{also}):\n    \"\"\"{}\"\"\"\n", class.stem, class.parent, class.doc);
        if !class.fields.is_empty() {
            out.push('\n');
        }
        for (name, ty) in class.fields {
            let (ty, default) = match *ty {
                "str" => ("str", "\"\""),
                "str?" => ("str | None", "None"),
                "float?" => ("float | None", "None"),
                "bool" => ("bool", "False"),
                _ => ("Sequence[Any]", "()"),
            };
            out += &format!("    {name}: {ty} = {default}\n    \"\"\"{}\"\"\"\n", field_doc(name));
        }
    }
    out
}

const PYTHON_HEAD: &str = r#"# Written by `cargo xtask records` from core/src/error.rs. Do not edit.
"""What can go wrong: one tree, one stable ``code`` for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._error import NomkitError, register
"#;

//! Kotlin's exceptions. (Its records are written by uniffi.)

use crate::spelling::{respelt, table};
use nomkit::{
    ErrorKind,
    error::{Class, field_doc},
    record::camel,
};

pub(crate) fn errors() -> String {
    let mut out = HEAD.to_owned();
    for (_, class) in ErrorKind::ALL {
        let Class { stem, parent, doc, .. } = class;
        let doc = respelt(doc);
        out += &format!("\n/** {doc} */\nopen class {stem}Exception internal constructor(info: ErrorInfo) :\n");
        out += &format!("    {parent}Exception(info)");
        let fields = class.fields.iter().map(|(name, ty)| field(name, ty)).collect::<Vec<_>>();
        out += &if fields.is_empty() { "\n".to_owned() } else { format!(" {{\n{}}}\n", fields.join("\n")) };
    }
    out += "\n/** The exception of the class that its code names. */\n";
    out += "internal fun ErrorInfo.exception(): NomkitException =\n    when (code) {\n";
    for (_, class) in ErrorKind::ALL.iter().filter(|(_, class)| !class.code.is_empty()) {
        out += &format!("        \"{}\" -> {}Exception(this)\n", class.code, class.stem);
    }
    out += "        else -> NomkitException(this)\n    }\n";
    out += "\n/** The names of arguments that the core spells otherwise. */\ninternal val spelt =\n    mapOf(\n";
    out + &table(|name, camel| format!("        \"{name}\" to \"{camel}\",\n")) + "    )\n"
}

fn field(name: &str, ty: &str) -> String {
    let (ty, read) = match ty {
        "str" => ("String", "text"),
        "str?" => ("String?", "textOrNull"),
        "float?" => ("Duration?", "secondsOrNull"),
        "bool" => ("Boolean", "flag"),
        _ => ("List<JsonValue>", "list"),
    };
    let about = respelt(field_doc(name)).replace("After how many seconds", "After what time");
    format!("    /** {about} */\n    val {}: {ty} get() = info.details.{read}(\"{name}\")\n", camel(name))
}

const HEAD: &str = "// Written by `cargo xtask records` from core/src/error.rs. Do not edit.
package dev.nomkit

import kotlin.time.Duration
";

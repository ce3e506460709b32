//! TypeScript's records, open enums and error classes.

use crate::spelling::{respelt, table};
use nomkit::{
    ErrorKind,
    error::field_doc,
    record::{Shape, Type, Words, camel},
};

pub(crate) fn records() -> String {
    let mut out = RECORDS_HEAD.to_owned();
    for words in crate::python::enums(nomkit::RECORDS) {
        let known = words.known.iter().map(|(word, about)| format!("  /** {about} */\n  | '{word}'\n"));
        out += &format!("\n/** {} */\nexport type {} = Open<\n{}>\n", words.doc, words.name, known.collect::<String>());
    }
    for record in nomkit::RECORDS {
        out += &if record.behaviour { class(record) } else { interface(record) };
    }
    out += "\n/* eslint-disable @typescript-eslint/no-explicit-any */\n";
    out += "/** @internal Parsed JSON becomes records: dates, errors, and classes where a record has methods. */\n";
    out += "export const revive = {\n";
    for record in nomkit::RECORDS {
        out += &format!("  {}(o: any): {} {{\n", record.name, record.name);
        for field in record.fields {
            out += &revived(&field.ty, &format!("o.{}", field.camel), "    ").unwrap_or_default();
        }
        out += &if record.behaviour { format!("    return new {}(o)\n", record.name) } else { "    return o\n".into() };
        out += "  },\n";
    }
    out +=
        "}\n\n/** @internal The names of options that the core spells otherwise. */\nexport const spelt = new Map([\n";
    out + &table(|name, camel| format!("  ['{name}', '{camel}'],\n")) + "])\n"
}

pub(crate) fn errors() -> String {
    let codes = ErrorKind::ALL.iter().map(|(_, class)| class.code).filter(|code| !code.is_empty());
    let codes = codes.map(|code| format!("  | '{code}'\n")).collect::<String>();
    let mut out = format!("{ERRORS_HEAD}\n/** The codes that this version knows. */\nexport type ErrorCode =\n{codes}");
    for (_, class) in ErrorKind::ALL {
        out += &format!("\n/** {} */\n", class.doc);
        let fields = class.fields.iter().map(|(name, ty)| (camel(name), ty)).collect::<Vec<_>>();
        let declared = |(name, ty): &(&str, &str)| {
            let about = respelt(field_doc(name));
            format!("\n  /** {about} */\n  declare readonly {}: {}", camel(name), error_field(ty).0)
        };
        let declared = class.fields.iter().map(declared).collect::<String>();
        let declared = if declared.is_empty() { declared } else { declared + "\n" };
        let initial = fields.iter().map(|(name, ty)| format!("{name}: {}", error_field(ty).1)).collect::<Vec<_>>();
        let initial = if initial.is_empty() { String::new() } else { format!(", {{ {} }}", initial.join(", ")) };
        let name = format!("{}Error", class.stem);
        out += &format!("export class {name} extends {}Error {{{declared}}}\n", class.parent);
        out += &format!("register('{}', '{name}', {name}{initial})\n", class.code);
    }
    out
}

/// The front with the classes and types that it exports.
pub(crate) fn exports(front: &str) -> Option<String> {
    let (before, rest) = front.split_once(MARK)?;
    let (_, after) = rest.split_once(END)?;
    let errors = export("export", &crate::errors::names(), "errors");
    let of = |behaviour| nomkit::RECORDS.iter().filter(move |record| record.behaviour == behaviour);
    let classes = of(true).map(|record| record.name).collect::<Vec<_>>();
    let classes = export("export", &classes, "records");
    let enums = crate::python::enums(nomkit::RECORDS);
    let mut types = enums.iter().map(|words| words.name).chain(of(false).map(|record| record.name)).collect::<Vec<_>>();
    types.sort_unstable();
    let types = export("export type", &types, "records");
    Some(format!("{before}{MARK}{errors}{classes}{types}{END}{after}"))
}

/// One line if it fits, as Prettier has it.
fn export(keyword: &str, names: &[impl AsRef<str>], from: &str) -> String {
    let names = names.iter().map(AsRef::as_ref).collect::<Vec<_>>();
    let line = format!("{keyword} {{ {} }} from './{from}'\n", names.join(", "));
    if line.trim_end().len() <= 120 {
        return line;
    }
    format!("{keyword} {{\n  {},\n}} from './{from}'\n", names.join(",\n  "))
}

fn interface(record: &Shape) -> String {
    format!("\n/** {} */\nexport interface {} {{\n{}}}\n", record.doc, record.name, fields(record, ""))
}

fn class(record: &Shape) -> String {
    let Shape { name, doc, .. } = record;
    format!(
        "\n/** {doc} */\nexport class {name} extends behaviour.{name}Behaviour {{\n{}\n  /** Its fields, as another one or a \
         copy has them. */\n  constructor(fields: Omit<{name}, keyof behaviour.{name}Behaviour>) {{\n    super()\n    \
         Object.assign(this, fields)\n  }}\n}}\n",
        fields(record, "declare ")
    )
}

fn fields(record: &Shape, declare: &str) -> String {
    let line = |field: &nomkit::record::Field| {
        let about = respelt(field.doc).replace('\n', " ");
        format!("  /** {about} */\n  {declare}readonly {}: {}\n", field.camel, ty(&field.ty))
    };
    record.fields.iter().map(line).collect()
}

fn ty(ty: &Type) -> String {
    match ty {
        Type::Bool => "boolean".into(),
        Type::Int | Type::Float => "number".into(),
        Type::Text => "string".into(),
        Type::Time => "Date".into(),
        Type::Json => "Json".into(),
        Type::Extra => "Readonly<Record<string, Json>>".into(),
        Type::Error => "NomkitError".into(),
        Type::Word(Words { name, .. }) => (*name).into(),
        Type::Record(record) => record.name.into(),
        Type::List(inner) => format!("readonly {}[]", self::ty(inner)),
        Type::Optional(inner) => format!("{} | null", self::ty(inner)),
    }
}

/// The statements that turn what JSON holds into what the type says.
fn revived(ty: &Type, place: &str, indent: &str) -> Option<String> {
    let made = match ty {
        Type::Time => format!("new Date({place})"),
        Type::Error => format!("toError({place})"),
        Type::Record(record) => format!("revive.{}({place})", record.name),
        Type::Optional(inner) => {
            let inner = revived(inner, place, "")?;
            return Some(format!("{indent}if ({place} !== null) {inner}"));
        }
        Type::List(Type::Record(record)) => format!("{place}.map(revive.{})", record.name),
        _ => return None,
    };
    Some(format!("{indent}{place} = {made}\n"))
}

/// The type of an error's field, and its value where the core says nothing.
fn error_field(ty: &str) -> (&'static str, &'static str) {
    match ty {
        "str" => ("string", "''"),
        "str?" => ("string | null", "null"),
        "float?" => ("number | null", "null"),
        "bool" => ("boolean", "false"),
        _ => ("readonly Json[]", "[]"),
    }
}

const MARK: &str = "// Written by `cargo xtask records`.\n";
const END: &str = "// Written by hand again.\n";

const RECORDS_HEAD: &str = r#"// Written by `cargo xtask records` from the core's model. Do not edit.
/** What the platforms send. */
import type { Json, Open } from './json'
import { toError, type NomkitError } from './error'
import * as behaviour from './behaviour'
"#;

const ERRORS_HEAD: &str = r#"// Written by `cargo xtask records` from core/src/error.rs. Do not edit.
/** What can go wrong: one tree, one stable `code` for each class. */
import type { Json } from './json'
import { NomkitError, register } from './error'

export { NomkitError }
"#;

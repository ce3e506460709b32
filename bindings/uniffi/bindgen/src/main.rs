//! Writes what uniffi makes of a library: `nomkit-bindgen kotlin|swift LIBRARY FOLDER`.
//!
//! The core's records are public; of the bridge, and of uniffi's own machinery, the packages' users see nothing.

use std::{cell::Cell, env, error::Error, fs, path::Path};
use uniffi::{GenerateOptions, SwiftBindingsOptions, TargetLanguage};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let [language, library, folder] = arguments.as_slice() else {
        return Err("nomkit-bindgen kotlin|swift LIBRARY FOLDER".into());
    };
    match language.as_str() {
        "kotlin" => kotlin(library, folder),
        "swift" => swift(library, folder),
        other => Err(format!("there is no language `{other}`").into()),
    }
}

fn kotlin(library: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin],
        source: library.into(),
        out_dir: folder.into(),
        ..GenerateOptions::default()
    })?;
    let package = Path::new(folder).join("dev/nomkit");
    rewrite(&package.join("bridge/nomkit_uniffi.kt"), |line| taken(&utf8(&signed(&internal_kotlin(line, true)))))?;
    if !fs::read_to_string(package.join("bridge/nomkit_uniffi.kt"))?.contains("resultOrTaken") {
        return Err("uniffi does not wait for futures as it did: see `taken`".into());
    }
    let hidden = Cell::new(false);
    rewrite(&package.join("nomkit.kt"), |line| {
        if line.starts_with("data class ") {
            hidden.set(!is_record(line) && !line.starts_with("data class ErrorInfo"));
        }
        match (line, hidden.get()) {
            // Options may hold a key, which is neither printed nor written anywhere.
            ("){", true) => ") {\n    override fun toString(): String = javaClass.simpleName".to_owned(),
            _ => record(&utf8(&signed(&internal_kotlin(line, false)))),
        }
    })
}

/// What stands at a line's start is a declaration of the file.
fn internal_kotlin(line: &str, all: bool) -> String {
    // Functions of the file are indented, or stand behind their comment's end.
    if let Some(rest) = line.strip_prefix("         */ fun ") {
        return format!("         */\ninternal fun {rest}");
    }
    let bare = line.strip_prefix("     suspend fun ").map(|rest| format!("suspend fun {rest}"));
    let bare = bare.as_deref().unwrap_or(line);
    let bare = bare.strip_prefix("public ").unwrap_or(bare);
    let words = ["class", "data", "open", "sealed", "enum", "object", "interface", "abstract", "fun", "suspend"];
    let words = words.iter().chain(&["inline", "typealias", "annotation", "val", "var", "const"]);
    let is_declared = words.into_iter().any(|word| bare.starts_with(&format!("{word} ")));
    let shown = !all && (bare.starts_with("sealed class ") || is_record(bare));
    match is_declared && !shown {
        true => format!("internal {bare}"),
        false => line.to_owned(),
    }
}

fn is_record(line: &str) -> bool {
    line.strip_prefix("data class ").is_some_and(|rest| {
        let name = rest.split([' ', '(']).next().unwrap_or_default();
        !name.ends_with("Options") && name != "ErrorInfo"
    })
}

/// Records are as a Kotlin author writes them: by the names that users know, and `Serializable`.
fn record(line: &str) -> String {
    let mut line = line.replace("val v1:", "val word:").replace("value.v1", "value.word");
    for (alias, name) in [
        ("Timestamp", "java.time.Instant"),
        ("ReportedError", "NomkitException"),
        ("JsonMap", "Map<String, JsonValue>"),
        ("List<JsonMap>", "List<Map<String, JsonValue>>"),
    ] {
        line = line.replace(&format!("`: {alias}"), &format!("`: {name}"));
    }
    if let Some(name) = line.strip_prefix("sealed class ").and_then(|rest| rest.strip_suffix(" {")) {
        return format!("sealed class {name} : java.io.Serializable {{");
    }
    // There is one of each, also of those that were read from a stream.
    if let Some((name, _)) = line.strip_prefix("    object ").and_then(|rest| rest.split_once(" : ")) {
        return format!("{line} {{\n        private fun readResolve(): Any = {name}\n    }}");
    }
    match line.as_str() {
        "){" => ") : java.io.Serializable {".to_owned(),
        _ => line,
    }
}

/// Of a call that is cancelled when its result is there already, uniffi would leave that behind.
fn taken(line: &str) -> String {
    let take = "liftFunc(uniffiRustCallWithError(errorHandler) { completeFunc(rustFuture, it) })";
    line.replace("suspendCancellableCoroutine<Byte> {", &format!("dev.nomkit.resultOrTaken({{ {take} }}) {{"))
}

/// Half a character, which UTF-8 does not have, is replaced, as everywhere in Java, and is no error of its own.
fn utf8(line: &str) -> String {
    line.replace("onMalformedInput(CodingErrorAction.REPORT)", "onMalformedInput(CodingErrorAction.REPLACE)")
}

/// Counts and sizes are `Int` and `Long`, as everywhere in Kotlin, and as Java can read them.
fn signed(line: &str) -> String {
    let mut line = within_comment(line);
    for (unsigned, signed) in [("UShort", "Short"), ("UInt", "Int"), ("ULong", "Long")] {
        line = line.replace(&format!("kotlin.{unsigned}"), &format!("kotlin.{signed}"));
        line = line.replace(&format!("FfiConverter{unsigned}."), &format!("dev.nomkit.Signed{signed}."));
    }
    line.replace("kotlin.Short", "kotlin.Int")
}

/// What a doc comment says neither ends it nor begins another.
fn within_comment(line: &str) -> String {
    match line.trim_start().strip_prefix("* ") {
        Some(_) => line.replace("**/*", "**\u{2215}*"),
        None => line.to_owned(),
    }
}

fn swift(library: &str, folder: &str) -> Result<(), Box<dyn Error>> {
    uniffi::generate_swift_bindings(SwiftBindingsOptions {
        generate_swift_sources: true,
        generate_headers: true,
        generate_modulemap: true,
        source: library.into(),
        out_dir: folder.into(),
        xcframework: false,
        module_name: Some("NomkitFFI".to_owned()),
        modulemap_filename: Some("module.modulemap".to_owned()),
        metadata_no_deps: false,
        link_frameworks: Vec::new(),
        config: None,
    })?;
    let folder = Path::new(folder);
    rewrite(&folder.join("NomkitBridge.swift"), |line| line.replace("public ", "").replace("open ", ""))?;
    let (hidden, record) = (Cell::new(false), Cell::new(false));
    rewrite(&folder.join("NomkitRecords.swift"), |line| {
        // What stands at a line's start is a declaration of the file; what is indented belongs to it.
        if line.starts_with("public ") {
            hidden.set(is_internal(line));
            record.set(line.starts_with("public struct "));
        }
        record.set(record.get() && line != "}");
        let line = counted(&unlabelled(line), record.get());
        if hidden.get() {
            line.replace("public ", "")
        } else {
            told(&line.replace(": ReportedError?", ": NomkitError?"))
        }
    })
}

/// `JsonValue.text("a")`: Kotlin wants names for what a case holds, Swift does without.
fn unlabelled(line: &str) -> String {
    ["(value: ", "(items: ", "(fields: "].iter().fold(line.to_owned(), |line, label| line.replace(label, "("))
}

/// Counts and sizes are `Int`, as everywhere in Swift; one that is too large is clamped. The package refuses negative ones
/// before, since clamped they would be a valid 0.
fn counted(line: &str, in_record: bool) -> String {
    let mut line = line.to_owned();
    for unsigned in ["UInt16", "UInt32", "UInt64"] {
        if in_record {
            line = line.replace(&format!(": {unsigned}"), ": Int");
        }
        line = line.replace(&format!("SwiftType = {unsigned}?"), "SwiftType = Int?");
        let (read, write) =
            (format!("FfiConverter{unsigned}.read(from: &buf)"), format!("FfiConverter{unsigned}.write("));
        line = line.replace(&read, &format!("Int(clamping: {read})"));
        if line.contains(&write) {
            line = line.replace(&write, &format!("{write}{unsigned}(clamping: ")).replace(", into:", "), into:");
        }
    }
    line
}

/// What uniffi says nothing of.
fn told(line: &str) -> String {
    let doc = match line.trim() {
        "public init(" => "    /// One with these fields.",
        "public var description: String {" => "    /// Its word.",
        "public typealias Json = JsonValue" => "/// A JSON value.",
        "public typealias JsonMap = [String: JsonValue]" => "/// A JSON object.",
        "public typealias Timestamp = Date" => "/// An instant.",
        _ => return line.to_owned(),
    };
    format!("{doc}\n{line}")
}

/// Options are spelt out as arguments, and the fields of an error are its own.
fn is_internal(line: &str) -> bool {
    let machinery = ["FfiConverter", "uniffi", "ApiKey", "ErrorInfo", "ReportedError", "Options:"];
    machinery.iter().any(|name| line.contains(name))
}

fn rewrite(path: &Path, line: impl Fn(&str) -> String) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    Ok(fs::write(path, text.lines().map(|found| line(found) + "\n").collect::<String>())?)
}

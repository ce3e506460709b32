//! `cargo xtask records` writes each language's classes from the core's own definitions, `cargo xtask npm` what names
//! npm's packages, `cargo xtask maven` the version of Maven's; with `--check` they write nothing and fail when a file is stale.

mod complete;
mod errors;
mod kotlin;
mod maven;
mod npm;
mod python;
mod spelling;
mod swift;
mod typescript;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let (task, check) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [task] => (*task, false),
        [task, "--check"] => (*task, true),
        _ => ("", false),
    };
    let good = match task {
        "records" => records(check),
        "npm" => written("npm", npm::files(read), check),
        "maven" => written("maven", maven::files(read), check),
        _ => {
            eprintln!("usage: cargo xtask records|npm|maven [--check]");
            return ExitCode::from(2);
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn records(check: bool) -> bool {
    let problems = complete::problems();
    for problem in &problems {
        eprintln!("{problem}");
    }
    let (python, node) = ("python/nomkit/__init__.py", "node/src/index.ts");
    let files = [
        ("python/nomkit/records.py", Some(python::records())),
        ("python/nomkit/errors.py", Some(errors::python())),
        ("node/src/records.ts", Some(typescript::records())),
        ("node/src/errors.ts", Some(typescript::errors())),
        ("kotlin/src/main/kotlin/dev/nomkit/Errors.kt", Some(kotlin::errors())),
        ("swift/Sources/Nomkit/Errors.swift", Some(swift::errors())),
        ("swift/Sources/Nomkit/Words.swift", Some(swift::words())),
        (python, python::exports(&read(python))),
        (node, typescript::exports(&read(node))),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text)).to_vec();
    written("records", files, check) && problems.is_empty()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Writes files, or says which are stale. One without a text is written by hand and has lost its shape.
fn written(task: &str, files: Vec<(String, Option<String>)>, check: bool) -> bool {
    let mut good = true;
    for (path, text) in files {
        let Some(text) = text else {
            eprintln!("{path}: what `cargo xtask {task}` writes has no place there any more");
            good = false;
            continue;
        };
        if read(&path) == text {
            continue;
        }
        if check {
            eprintln!("stale: {path} (run `cargo xtask {task}`)");
            good = false;
        } else if let Err(error) = write(&path, &text) {
            eprintln!("{path}: {error}");
            good = false;
        }
    }
    good
}

fn write(path: &str, text: &str) -> std::io::Result<()> {
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

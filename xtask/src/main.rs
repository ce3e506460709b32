//! `cargo xtask records` writes each language's classes from the core's own definitions;
//! with `--check` it writes nothing and fails when a file is stale.

mod complete;
mod errors;
mod python;
mod typescript;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["records"] => records(false),
        ["records", "--check"] => records(true),
        _ => {
            eprintln!("usage: cargo xtask records [--check]");
            ExitCode::from(2)
        }
    }
}

fn records(check: bool) -> ExitCode {
    let problems = complete::problems();
    for problem in &problems {
        eprintln!("{problem}");
    }
    let mut files = vec![
        ("python/nomkit/records.py", python::records()),
        ("python/nomkit/errors.py", errors::python()),
        ("node/src/records.ts", typescript::records()),
        ("node/src/errors.ts", typescript::errors()),
    ];
    let mut failed = !problems.is_empty();
    let read = |front| std::fs::read_to_string(front).unwrap_or_default();
    let (python, node) = ("python/nomkit/__init__.py", "node/src/index.ts");
    for (front, text) in [(python, python::exports(&read(python))), (node, typescript::exports(&read(node)))] {
        match text {
            Some(text) => files.push((front, text)),
            None => {
                eprintln!("{front}: the mark after which names and version are written is gone");
                failed = true;
            }
        }
    }
    for (path, text) in files.iter().filter(|(path, text)| std::fs::read_to_string(path).ok().as_ref() != Some(text)) {
        if check {
            eprintln!("stale: {path} (run `cargo xtask records`)");
            failed = true;
        } else if let Err(error) = std::fs::write(path, text) {
            eprintln!("{path}: {error}");
            failed = true;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

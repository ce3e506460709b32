//! `--help`, and the page that describes the command.

use crate::world::{command, text};
use nomkit::ErrorKind;
use std::collections::BTreeMap;

const COMMANDS: [&str; 15] = [
    "",
    "ask",
    "upload",
    "launch",
    "wait",
    "follow-up",
    "stop",
    "agents",
    "artifacts",
    "workflows",
    "why",
    "doctor",
    "emulator",
    "prove",
    "completion",
];

fn help(name: &str, columns: &str) -> String {
    let words = [name, "--help"];
    let done = command(if name.is_empty() { &words[1..] } else { &words }).env("COLUMNS", columns).output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty());
    text(&done.stdout)
}

#[test]
fn help_fits_80_columns_and_says_what_everything_means() {
    for name in COMMANDS {
        let help = help(name, "80");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert!(!help.contains('\u{1b}'), "no colours in a pipe");
        for option in help.lines().filter(|line| line.trim_start().starts_with('-')) {
            assert!(option.trim().split("  ").count() > 1, "undescribed: {option}");
        }
    }
    assert!(!help("", "80").contains("document-worker"));
}

#[test]
fn the_exit_codes_of_the_page_are_those_of_the_table() {
    let mut codes: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
    for (_, class) in ErrorKind::ALL.iter().filter(|(_, class)| !class.code.is_empty()) {
        codes.entry(class.exit).or_default().push(class.code);
    }
    let page = include_str!("../../../docs/cli.md");
    for (exit, kinds) in codes {
        let kinds = kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        let row = page.lines().find(|line| line.starts_with(&format!("| {exit} |"))).unwrap_or_default();
        assert!(row.ends_with(&format!("| {kinds} |")), "docs/cli.md should list, for {exit}: {kinds}");
        assert!(help("", "80").contains(&format!("{exit} ")));
    }
}

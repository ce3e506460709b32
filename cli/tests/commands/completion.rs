//! `completion`.

use crate::world::{command, text};
use std::process::Command;

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = command(&["completion", shell]).output().unwrap();
        assert!(done.status.success() && text(&done.stdout).contains("follow-up"), "{shell}");
    }
    assert_eq!(command(&["completion", "cobol"]).output().unwrap().status.code(), Some(2));
}

#[test]
#[cfg(unix)]
fn bash_completes_commands_options_and_shells() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("nomkit.bash");
    std::fs::write(&script, command(&["completion", "bash"]).output().unwrap().stdout).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    // What bash does at the Tab key: it calls the function that is registered for the command.
    let complete = |words: &[&str]| {
        let probe = r#"source "$1"; shift
            function=$(complete -p nomkit); function=${function#*-F }; function=${function%% *}
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
            "$function" nomkit "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\n' "${COMPREPLY[@]}""#;
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", probe, "bash"]).arg(&script).arg("nomkit").args(words);
        text(&bash.output().unwrap().stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete(&["fol"]), ["follow-up"]);
    assert_eq!(complete(&["wait", "--art"]), ["--artifacts"]);
    assert_eq!(complete(&["completion", "f"]), ["fish"]);
    assert!(!complete(&[""]).contains(&"document-worker".to_owned()));
}

//! `nomkit completion`

use crate::Cli;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Print a shell's completion script.
#[derive(Args)]
#[command(after_help = "For bash, in ~/.bashrc: source <(nomkit completion bash)")]
pub(crate) struct Completion {
    /// The shell.
    shell: Shell,
}

impl Completion {
    pub(crate) fn run(self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "nomkit", &mut script);
        match io::stdout().lock().write_all(&script) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}

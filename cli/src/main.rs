//! The `nomkit` command.

mod ask;
mod emulator;
mod progress;

use clap::{Parser, Subcommand};
use std::{io::Write, process::ExitCode};

/// Ask agents about documents; run the platform's emulator.
#[derive(Parser)]
#[command(name = "nomkit", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ask(ask::Ask),
    Emulator(emulator::Emulator),
    /// Reads one document, capped; the emulator runs this in a child process.
    #[command(hide = true)]
    DocumentWorker {
        /// What the emulator hands over.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Ask(ask) => match ask.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&error.message);
                ExitCode::from(error.kind().exit_code())
            }
        },
        Command::Emulator(emulator) => emulator.run(),
        Command::DocumentWorker { .. } => nomkit_emulator::documents::worker_main(),
    }
}

/// One line on standard error.
fn complain(message: &str) {
    // With nowhere to complain to, the exit code has to do.
    let _ = writeln!(std::io::stderr(), "nomkit: {message}");
}

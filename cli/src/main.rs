//! The `nomkit` command.

mod agents;
mod artifacts;
mod ask;
mod completion;
mod doctor;
mod emulator;
mod failure;
mod follow_up;
mod launch;
mod output;
mod progress;
mod prompt;
mod prove;
mod session;
mod signals;
mod stage;
mod stop;
mod turn;
mod upload;
mod wait;
mod why;
mod workflows;

use clap::{Parser, Subcommand};
use session::perform;
use std::{io::Write, process::ExitCode};

/// Upload documents, launch agents on them, wait, read cited answers, follow up.
#[derive(Parser)]
#[command(name = "nomkit", version, max_term_width = 100, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
The key comes from NOMIC_API_KEY, the instance from --domain or --base-url,
NOMIC_DOMAIN or NOMIC_BASE_URL. A wait that ends, for whatever reason, leaves
the agent at work, and its token goes on with it.

Exit codes: 0 done, 1 the agent failed or was stopped, 2 usage or a local file,
3 the key, 4 the wait expired, 5 rate or spend limit, 6 outcome unknown,
7 network, 8 the server, 9 not found, 130 Ctrl-C.";

#[derive(Subcommand)]
enum Command {
    Ask(ask::Ask),
    Upload(upload::Upload),
    Launch(launch::Launch),
    Wait(wait::Wait),
    FollowUp(follow_up::FollowUp),
    Stop(stop::Stop),
    Agents(agents::Agents),
    Artifacts(artifacts::Artifacts),
    Workflows(workflows::Workflows),
    Why(why::Why),
    Doctor(doctor::Doctor),
    Emulator(emulator::Emulator),
    Prove(prove::Prove),
    Completion(completion::Completion),
}

/// Reads one document, capped: the emulator runs this in a child process. No person does, so no help names it.
const DOCUMENT_WORKER: &str = "document-worker";

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == DOCUMENT_WORKER) {
        nomkit_emulator::documents::worker_main();
    }
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return failure::usage(&error),
    };
    match command {
        Command::Ask(ask) => perform(ask),
        Command::Upload(upload) => perform(upload),
        Command::Launch(launch) => perform(launch),
        Command::Wait(wait) => perform(wait),
        Command::FollowUp(follow_up) => perform(follow_up),
        Command::Stop(stop) => perform(stop),
        Command::Agents(agents) => perform(agents),
        Command::Artifacts(artifacts) => perform(artifacts),
        Command::Workflows(workflows) => perform(workflows),
        Command::Why(why) => perform(why),
        Command::Doctor(doctor) => perform(doctor),
        Command::Completion(completion) => completion.run(),
        Command::Emulator(emulator) => emulator.run(),
        Command::Prove(prove) => prove.run(),
    }
}

/// One line on standard error.
fn complain(message: &str) {
    // With nowhere to complain to, the exit code has to do.
    let _ = writeln!(std::io::stderr(), "nomkit: {message}");
}

//! How a command fails: in words for people, as JSON for programs, and always by its exit code.

use crate::{complain, output, session::Scene, signals::Signal, stage::Stage};
use nomkit::{Error, ErrorKind};
use serde_json::{Map, Value, json};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// What a command gives: its results are printed by then.
pub(crate) type Done<T = ()> = Result<T, Failure>;

/// Why a command ends before it is done.
pub(crate) enum Failure {
    Error(Error),
    /// Nobody reads on.
    Unread,
    /// What is wrong was printed as the result.
    Said(u8),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<io::Error> for Failure {
    /// Printing failed.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Error(Error::new(ErrorKind::LocalIo, format!("The result cannot be printed: {error}."))),
        }
    }
}

/// What was done is done, and what is left to do is still wanted, when nobody reads on.
pub(crate) fn heard(printed: Done) -> Done {
    match printed {
        Err(Failure::Unread) => Ok(()),
        printed => printed,
    }
}

pub(crate) fn report(failure: Failure, scene: &Scene) -> ExitCode {
    scene.bar.clear();
    let error = match failure {
        Failure::Unread => return ExitCode::SUCCESS,
        Failure::Said(exit) => return exit.into(),
        Failure::Error(error) => error,
    };
    let exit = error.kind().exit_code();
    let stage = match scene.stage() {
        // The turn before is still at work.
        Stage::Asking { token, .. } if error.kind() == ErrorKind::Conflict => Stage::Launched { token },
        stage => stage,
    };
    let next = next(scene, &stage).filter(|_| leads_on(&stage, error.kind()));
    if scene.shared.json {
        let mut fields = written(&error);
        fields.extend(next.map(|next| ("next".to_owned(), next.into())));
        say(fields, exit);
    } else {
        complain(&output::line(&error.message));
        for file in &error.uploaded {
            hint(&format!("uploaded before that: {} (--file-id {})", output::line(&file.name), file.id));
        }
        next.iter().for_each(|next| hint(&format!("go on with: {next}")));
    }
    exit.into()
}

/// The user, or the system, ended the command.
pub(crate) fn interrupted(signal: Signal, scene: &Scene) -> ExitCode {
    scene.bar.clear();
    let exit = signal.exit_code();
    let stage = scene.stage();
    let message = format!("Interrupted. {}", stage.told());
    let next = next(scene, &stage);
    if scene.shared.json {
        let outcome = stage.is_unsettled().then_some("unknown");
        let mut fields = Map::new();
        fields.extend([("code".to_owned(), "interrupted".into()), ("message".to_owned(), message.into())]);
        fields
            .extend([("outcome".to_owned(), json!(outcome)), ("details".to_owned(), json!({"token": stage.token()}))]);
        fields.extend(next.map(|next| ("next".to_owned(), next.into())));
        say(fields, exit);
    } else {
        complain(&message);
        next.iter().for_each(|next| hint(&format!("go on with: {next}")));
    }
    exit.into()
}

/// What the arguments lack; help and version are no failures.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let exit = if error.use_stderr() { ErrorKind::InvalidInput.exit_code() } else { 0 };
    if exit != 0 && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim();
        say(Map::from_iter([("code".to_owned(), "usage".into()), ("message".to_owned(), message.into())]), exit);
    } else {
        // With nowhere to print to, the exit code has to do.
        let _ = error.print();
    }
    exit.into()
}

/// Everything that the error knows, as it crosses into every language.
pub(crate) fn written(error: &Error) -> Map<String, Value> {
    match serde_json::to_value(error.info()) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn next(scene: &Scene, stage: &Stage) -> Option<String> {
    stage.next().map(|words| scene.shared.command(&words))
}

/// Whether going on from there can help after such an error.
fn leads_on(stage: &Stage, kind: ErrorKind) -> bool {
    use ErrorKind::{Config, InvalidInput, NotFound, OutcomeUnknown, RunFailed, RunStopped, StaleTurn, WaitTimeout};
    match stage {
        Stage::Launched { .. } => {
            !matches!(kind, Config | InvalidInput | RunFailed | RunStopped | StaleTurn | NotFound)
        }
        Stage::Writing { .. } => true,
        _ => matches!(kind, OutcomeUnknown | WaitTimeout),
    }
}

fn say(mut fields: Map<String, Value>, exit: u8) {
    fields.insert("exitCode".to_owned(), exit.into());
    let _ = writeln!(io::stderr(), "{}", Value::Object(fields));
}

fn hint(text: &str) {
    let _ = writeln!(io::stderr(), "  {text}");
}

//! What every command that talks to the platform has: its shared options, a client, and a place to say things.

use crate::{
    failure::{self, Done},
    output,
    progress::Bar,
    signals,
    stage::Stage,
};
use clap::Args;
use nomkit::{ClientOptions, WaitOptions, blocking::Nomic};
use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

/// The options of every command that talks to the platform.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Shared options")]
pub(crate) struct Shared {
    /// The instance's name: `acme` means https://acme.nomic.ai. Or set NOMIC_DOMAIN.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "base_url")]
    pub(crate) domain: Option<String>,
    /// The instance's URL. Or set NOMIC_BASE_URL.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// A PEM file of certificates to trust besides the system's.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_certs: Option<String>,
    /// How long to wait for an answer (1800 unless given), an upload or a request.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<f64>,
    /// Print each result as one line of JSON, and an error as one on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show no progress and no notes.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// A command that talks to the platform through a client.
pub(crate) trait Online: Send + 'static {
    fn shared(&self) -> &Shared;

    fn client(&self) -> ClientOptions {
        self.shared().client()
    }

    fn run(self, session: &Session) -> Done;
}

/// A command that takes time and can be interrupted.
pub(crate) trait Command: Send + 'static {
    fn options(&self) -> &Shared;
    fn start(self, scene: Arc<Scene>) -> Done;
}

impl<T: Online> Command for T {
    fn options(&self) -> &Shared {
        self.shared()
    }

    fn start(self, scene: Arc<Scene>) -> Done {
        let nomic = Nomic::new(self.client())?;
        self.run(&Session { nomic, scene })
    }
}

/// What outlives a command that is interrupted.
pub(crate) struct Scene {
    pub(crate) shared: Shared,
    pub(crate) bar: Bar,
    stage: Mutex<Stage>,
}

/// A command at work.
pub(crate) struct Session {
    pub(crate) nomic: Nomic,
    pub(crate) scene: Arc<Scene>,
}

/// Runs a command on a thread of its own, while this one listens for signals.
pub(crate) fn perform(command: impl Command) -> ExitCode {
    let shared = command.options().clone();
    let scene = Arc::new(Scene { bar: Bar::new(!shared.quiet), shared, stage: Mutex::default() });
    let own = scene.clone();
    match signals::watch(move || command.start(own)) {
        signals::Ended::Done(Ok(())) => ExitCode::SUCCESS,
        signals::Ended::Done(Err(failure)) => failure::report(failure, &scene),
        signals::Ended::By(signal) => failure::interrupted(signal, &scene),
    }
}

impl Shared {
    pub(crate) fn client(&self) -> ClientOptions {
        ClientOptions {
            domain: self.domain.clone(),
            base_url: self.base_url.clone(),
            ca_certs: self.ca_certs.clone(),
            ..ClientOptions::default().user_agent("cli")
        }
    }

    /// The same for commands that only read: `--timeout` is for each of their requests.
    pub(crate) fn impatient(&self) -> ClientOptions {
        ClientOptions { timeout: self.timeout, ..self.client() }
    }

    /// How long to wait for an answer.
    pub(crate) fn patience(&self) -> WaitOptions {
        WaitOptions { timeout: self.timeout, ..WaitOptions::default() }
    }

    /// A command line that goes on where this one ended, on the same instance.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let given = [("--domain", &self.domain), ("--base-url", &self.base_url), ("--ca-certs", &self.ca_certs)];
        let options = given.iter().filter_map(|(flag, value)| value.as_deref().map(|value| [*flag, value])).flatten();
        let words = ["nomkit"].into_iter().chain(words.iter().copied()).chain(options);
        words.map(|word| shlex::try_quote(word).unwrap_or_default()).collect::<Vec<_>>().join(" ")
    }
}

impl Scene {
    pub(crate) fn enter(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One line for a person at the terminal; nothing in a pipe.
    pub(crate) fn note(&self, text: &str) {
        if !self.shared.quiet && std::io::stderr().is_terminal() {
            self.bar.clear();
            let _ = writeln!(std::io::stderr(), "{}", output::line(text));
        }
    }
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0 && *seconds <= 31_536_000.0);
    seconds.ok_or_else(|| "a number of seconds above 0, and at most a year".to_owned())
}

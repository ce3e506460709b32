//! `nomkit emulator`

use clap::Args;
use nomkit_emulator::{Options, Persona, Rates, Timing, documents::Worker};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Run the platform on this machine, with no account, until Ctrl-C.
#[derive(Args)]
#[command(after_help = "It listens on loopback only, and prints one line of JSON: url, api_key, token (for its \
    control routes) and pid.")]
pub(crate) struct Emulator {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A folder to keep its state in; without it everything is forgotten.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Seconds that an agent waits before it runs.
    #[arg(long, default_value_t = 0.3, value_parser = seconds)]
    waiting: f64,
    /// Seconds that an agent runs.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    running: f64,
    /// Seconds that an agent takes to stop.
    #[arg(long, default_value_t = 0.2, value_parser = seconds)]
    stopping: f64,
    /// How answers are worded where the platform's documents leave it open: plain or drifted.
    #[arg(long, default_value = "plain")]
    persona: Persona,
    /// Never refuse a request for its rate.
    #[arg(long)]
    no_rates: bool,
    /// Count uploads instead of keeping them, to measure clients; agents cannot read such files.
    #[arg(long)]
    discard_uploads: bool,
    /// End when standard input closes, so that it never outlives the program that started it.
    #[arg(long)]
    until_stdin_closes: bool,
}

impl Emulator {
    pub(crate) fn run(self) -> ExitCode {
        let worker = match std::env::current_exe() {
            Ok(own) => Worker::Program(own, vec![crate::DOCUMENT_WORKER.to_owned()]),
            Err(_) => Worker::InProcess,
        };
        let timing = Timing {
            waiting: Duration::from_secs_f64(self.waiting),
            running: Duration::from_secs_f64(self.running),
            stopping: Duration::from_secs_f64(self.stopping),
        };
        let options = Options {
            port: self.port,
            data: self.data,
            timing,
            persona: self.persona,
            rates: if self.no_rates { Rates::off() } else { Rates::default() },
            until_stdin_closes: self.until_stdin_closes,
            worker,
            discard_uploads: self.discard_uploads,
            hash_uploads: !self.discard_uploads,
            ..Options::default()
        };
        match nomkit_emulator::run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                crate::complain(&format!("The emulator cannot run: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds, 0 to 86400".to_owned())
}

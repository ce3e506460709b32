//! `nomkit ask`

use crate::progress;
use clap::Args;
use nomkit::{
    ClientOptions, Error, ErrorKind, FollowUpOptions, LaunchOptions, Result, RunResult, Source, WaitOptions, blocking,
};
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// Upload documents, launch an agent on them, wait, and print its answer.
///
/// The key comes from NOMIC_API_KEY.
#[derive(Args)]
pub(crate) struct Ask {
    /// What the agent shall do.
    prompt: String,
    /// The documents that it may read.
    files: Vec<PathBuf>,
    /// The instance's name: `acme` means https://acme.nomic.ai. Or set NOMIC_DOMAIN.
    #[arg(long, conflicts_with = "base_url")]
    domain: Option<String>,
    /// The instance's URL. Or set NOMIC_BASE_URL.
    #[arg(long)]
    base_url: Option<String>,
    /// Ask again when the answer is there; may be given several times.
    #[arg(long, value_name = "PROMPT")]
    follow_up: Vec<String>,
    /// A folder to write what the agent makes into.
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Seconds to wait for each answer.
    #[arg(long, default_value_t = 1800.0, value_parser = seconds)]
    timeout: f64,
    /// Print each answer as one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Ask {
    pub(crate) fn run(self) -> Result<()> {
        let mut client = ClientOptions::default().user_agent("cli");
        (client.domain, client.base_url) = (self.domain.clone(), self.base_url.clone());
        let nomic = blocking::Nomic::new(client)?;
        let files = self.files.iter().map(|path| Source::path(path.clone())).collect::<Vec<_>>();
        let launch = LaunchOptions::default().prompt(self.prompt.clone());
        let mut run = nomic.agents().launch(launch, files, Some(progress::bar()))?;
        // Whatever happens from here on, this picks the run up again.
        progress::note(&format!("launched {} (attach with {})", run.id(), run.token()));
        self.tell(&self.wait(&run)?)?;
        for prompt in &self.follow_up {
            run = run.follow_up(FollowUpOptions::default().prompt(prompt.clone()), vec![])?;
            self.tell(&self.wait(&run)?)?;
        }
        Ok(())
    }

    fn wait(&self, run: &blocking::AgentRun) -> Result<RunResult> {
        run.wait(WaitOptions::default().timeout(self.timeout), Some(progress::bar()))
    }

    fn tell(&self, result: &RunResult) -> Result<()> {
        let mut out = io::stdout().lock();
        let text = match self.json {
            true => serde_json::to_string(result).unwrap_or_default(),
            // What an agent says must not move the cursor.
            false if out.is_terminal() => progress::plain(&result.text),
            false => result.text.clone(),
        };
        writeln!(out, "{text}").map_err(|error| cannot_print(&error))?;
        for artifact in self.artifacts.iter().flat_map(|folder| result.artifacts.iter().map(move |a| (a, folder))) {
            let (artifact, folder): (_, &Path) = (artifact.0, artifact.1);
            progress::note(&format!("wrote {}", artifact.download(folder)?.display()));
        }
        Ok(())
    }
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0 && *seconds <= 31_536_000.0);
    seconds.ok_or_else(|| "a number of seconds above 0, and at most a year".to_owned())
}

fn cannot_print(error: &io::Error) -> Error {
    Error::new(ErrorKind::LocalIo, format!("The answer cannot be printed: {error}."))
}

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::documents::Worker;
use crate::persona::Persona;
use crate::rates::Rates;

/// How an emulator is started. Take [`Options::default`] and change what matters.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The folder that keeps everything over a restart; without one, all is forgotten at the end.
    pub data: Option<PathBuf>,
    /// How long a turn takes.
    pub timing: Timing,
    /// Whether [`run`](crate::run) ends when its standard input closes, so that it never outlives its parent.
    pub until_stdin_closes: bool,
    /// Where documents are read. In a program that has the hidden entry point, use its own executable.
    pub worker: Worker,
    /// The largest file that an upload accepts, in bytes.
    pub upload_limit: u64,
    /// The largest JSON body, in bytes: room for four images of 20 MB in base64.
    pub json_limit: u64,
    /// Count uploads instead of keeping them, for benchmarks: agents cannot read such files.
    pub discard_uploads: bool,
    /// Whether the ledger tells the SHA-256 of what was uploaded.
    pub hash_uploads: bool,
    /// How many requests a minute are answered.
    pub rates: Rates,
    /// Whether a launch may call `inputs` by the name `workflowInputs`, which one page of the documents uses.
    pub workflow_inputs: bool,
    /// How answers are worded, where the documents leave it open.
    pub persona: Persona,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            data: None,
            timing: Timing::default(),
            until_stdin_closes: false,
            worker: Worker::InProcess,
            upload_limit: 524_288_000,
            json_limit: 128 << 20,
            discard_uploads: false,
            hash_uploads: true,
            rates: Rates::default(),
            workflow_inputs: true,
            persona: Persona::default(),
        }
    }
}

/// How long each stage of a turn takes. A turn whose answer needs longer to compute runs until it is there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// From the request to the start of the work.
    #[serde(with = "crate::clock::seconds")]
    pub waiting: Duration,
    /// From there to the end of the turn.
    #[serde(with = "crate::clock::seconds")]
    pub running: Duration,
    /// From a request to stop to the stop.
    #[serde(with = "crate::clock::seconds")]
    pub stopping: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            waiting: Duration::from_millis(300),
            running: Duration::from_secs(1),
            stopping: Duration::from_millis(200),
        }
    }
}

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What reading one document may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long it may take, waiting for other documents not counted.
    pub wall: Duration,
    /// Address space of the child process, in bytes. Only Unix systems that enforce such a limit do (macOS does not).
    pub memory: u64,
    /// Size of the file, in bytes.
    pub file: u64,
    /// Size of the text that comes back, in bytes.
    pub text: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wall: Duration::from_secs(20), memory: 1 << 30, file: 256 << 20, text: 32 << 20 }
    }
}

"""Changes each line of the core's state machines in turn, and says which changes no test of theirs notices.

    python tests/mutants.py [line.rs ...]

It wants `cargo install cargo-mutants`. The machines are pure, so they compile in a second in a crate of their own,
beside the few records that they name; within the core, each change would take a minute.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MANIFEST = """
[package]
name = "machines"
version = "0.1.0"
edition = "2024"

[dependencies]
jiff = { version = "0.2", default-features = false, features = ["std"] }
sha2 = "0.11"

[dev-dependencies]
proptest = { version = "1.12", default-features = false, features = ["std"] }

[profile.dev]
debug = 0
opt-level = 1

[workspace]
"""
RECORDS = """
#![allow(dead_code)]
mod flow;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub jiff::Timestamp);

pub mod nomic {
    use crate::Timestamp;
    use std::{collections::BTreeMap, fmt};

    #[derive(Debug, Clone, PartialEq)]
    pub enum AgentStatus { Waiting, Running, AwaitingTool, Finished, Stopped, Failed, Other(String) }

    impl AgentStatus {
        pub fn is_active(&self) -> bool {
            !matches!(self, Self::Finished | Self::Stopped | Self::Failed)
        }
    }

    impl fmt::Display for AgentStatus {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(self, f)
        }
    }

    #[derive(Debug, Clone, PartialEq)]
    pub enum Role { User, Assistant, Tool, Error, Other(String) }

    pub struct Message {
        pub id: Option<String>,
        pub role: Role,
        pub text: String,
        pub created_at: Option<Timestamp>,
        pub extra: BTreeMap<String, ()>,
    }

    pub struct ArtifactRef {
        pub id: String,
        pub name: Option<String>,
        pub kind: Option<()>,
        pub created_at: Option<Timestamp>,
        pub updated_at: Option<Timestamp>,
        pub extra: BTreeMap<String, ()>,
    }
}
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        crate = Path(folder)
        shutil.copytree(ROOT / "core/src/flow", crate / "src/flow")
        # The same versions as in the workspace.
        shutil.copy(ROOT / "Cargo.lock", crate)
        (crate / "Cargo.toml").write_text(MANIFEST)
        (crate / "src/lib.rs").write_text(RECORDS)
        files = [f"--file=src/flow/{name}" for name in sys.argv[1:] or ["*.rs"]]
        command = ["cargo", "mutants", *files, "--timeout=15", "--no-shuffle", f"--output={ROOT / 'target'}"]
        return subprocess.run([*command, "--", "--lib"], cwd=crate).returncode


if __name__ == "__main__":
    sys.exit(main())

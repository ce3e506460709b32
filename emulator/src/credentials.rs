//! The first API key and the control token. Elsewhere only a key's hash is kept.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the ready line hands out.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) api_key: String,
    pub(crate) token: String,
}

impl Credentials {
    /// Those that `folder` keeps, made there if it has none; without a folder always new ones.
    pub(crate) fn load(folder: Option<&Path>) -> io::Result<Self> {
        let Some(folder) = folder else { return Self::random() };
        let path = folder.join("credentials.json");
        match fs::read(&path) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let credentials = Self::random()?;
                // Born private, whatever the umask; renamed whole, so that a crash leaves no half of it.
                let mut file = tempfile::NamedTempFile::new_in(folder)?;
                file.write_all(&serde_json::to_vec(&credentials)?)?;
                file.persist(&path)?;
                Ok(credentials)
            }
            Err(error) => Err(error),
        }
    }

    fn random() -> io::Result<Self> {
        Ok(Self { api_key: new_key()?, token: secret()? })
    }
}

/// A new API key. Its prefix marks it as worthless anywhere else. `NOMKIT_EMULATOR_KEY_MARK` stands in every key, so
/// that a test run can search whatever it wrote for any of them.
pub(crate) fn new_key() -> io::Result<String> {
    let mark = env::var("NOMKIT_EMULATOR_KEY_MARK").unwrap_or_default();
    let mark = mark.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    Ok(format!("npk_emu_{mark}{}", secret()?))
}

pub(crate) fn hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn secret() -> io::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex(&bytes))
}

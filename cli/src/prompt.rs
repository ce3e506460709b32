//! What an agent is asked: an argument, or standard input.

use crate::failure::Done;
use nomkit::{Error, ErrorKind};
use std::io::{self, IsTerminal, Read};

/// The platform's own limits are far below this.
const LONGEST: u64 = 4 << 20;

/// The prompt itself; `-` reads it from standard input. No other text names a file: what a script passes on for
/// somebody else must never read one.
pub(crate) fn read(given: &str) -> Done<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    let input = io::stdin();
    if input.is_terminal() {
        crate::complain("reading the prompt from the terminal; Ctrl-D ends it");
    }
    let unreadable = |error: io::Error| Error::new(ErrorKind::LocalIo, format!("The prompt cannot be read: {error}."));
    input.lock().take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(Error::invalid(
            "prompt",
            "The prompt on standard input is longer than 4 MiB. Upload it as a file.",
        )
        .into());
    }
    Ok(text)
}

//! Whether a driver wrote an API key, whole or in part, plain or encoded.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use std::collections::{BTreeSet, HashMap};

/// A shorter part may occur by chance; a client may show the last four characters.
const PART: usize = 12;

/// The keys that a driver was given, each with the scenario that gave it.
#[derive(Default)]
pub(crate) struct Canaries {
    parts: HashMap<Vec<u8>, String>,
}

impl Canaries {
    pub(crate) fn add(&mut self, key: &str, scenario: &str) {
        let secret = key.rsplit_once('_').map_or(key, |(_, secret)| secret).as_bytes();
        let mut forms =
            vec![secret.to_vec(), secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()];
        // Whatever stands before it, one of three alignments is that of the encoded text.
        forms.extend((0..3).map(|skip| BASE64_STANDARD_NO_PAD.encode(secret.get(skip..).unwrap_or_default()).into()));
        for part in forms.iter().flat_map(|form| form.windows(PART)) {
            self.parts.insert(part.to_vec(), scenario.to_owned());
        }
    }

    /// The scenarios whose keys are in the output.
    pub(crate) fn found_in(&self, output: &[u8]) -> BTreeSet<&str> {
        output.windows(PART).filter_map(|part| self.parts.get(part)).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;

    const KEY: &str = "npk_emu_0123456789abcdef0123456789abcdef";

    fn canaries() -> Canaries {
        let mut canaries = Canaries::default();
        canaries.add(KEY, "s");
        canaries
    }

    #[test]
    fn a_key_is_found_whole_in_part_and_encoded() {
        let hex = KEY.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        for text in [KEY, "…456789abcdef…", &hex, &BASE64_STANDARD.encode(format!("user:{KEY}"))] {
            assert_eq!(canaries().found_in(format!("log: {text}\n").as_bytes()), ["s"].into(), "{text}");
        }
    }

    #[test]
    fn what_a_client_may_show_is_not_a_find() {
        assert_eq!(canaries().found_in(b"Nomic(http://127.0.0.1:1, npk_...cdef) npk_emu_"), [].into());
    }
}

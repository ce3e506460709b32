//! The paths of files: decoded inside, percent-encoded segment by segment in search results.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::problem::Problem;

/// What stays as it is, beside letters and digits.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The segments of a path that was given for an upload: the folders and the file's name.
pub(crate) fn segments(path: &str) -> Result<Vec<&str>, Problem> {
    let valid = |segment: &&str| !matches!(*segment, "" | "." | "..") && !segment.chars().any(char::is_control);
    let segments: Vec<&str> = path.split('/').collect();
    if segments.iter().all(valid) {
        Ok(segments)
    } else {
        Err(Problem::issue("path", "Expected folders/and/name without empty, \".\" or \"..\" segments"))
    }
}

pub(crate) fn encode(path: &str) -> String {
    let encoded: Vec<String> = path.split('/').map(|part| utf8_percent_encode(part, ENCODED).to_string()).collect();
    encoded.join("/")
}

/// The last segment.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

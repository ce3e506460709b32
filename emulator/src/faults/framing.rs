//! Answers whose length is told wrongly. The request is processed.

use serde::Deserialize;

use super::scene::{Answer, End, Play};
use super::{After, Fault, Occasion};
use crate::problem::Problem;

/// Content-Length is off by so much; when it says too much, the connection is closed where the body ends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrongLength {
    delta: i64,
}

/// Two values of Content-Length, the true one first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TwoLengths {}

/// Both Content-Length and Transfer-Encoding, the body in chunks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LengthAndChunked {}

/// No length: the body ends with the connection, after so many bytes if that is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoLength {
    bytes: Option<u64>,
}

/// A chunk that breaks off after so many bytes of the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChunkedCut {
    #[serde(default)]
    bytes: u64,
}

const CHUNKED: &str = "transfer-encoding: chunked\r\n";

/// Sends these bytes, and ends so.
fn sends(answer: &Answer, bytes: Vec<u8>, end: End) -> After {
    let play = Play::new(move |stage| {
        Box::pin(async move {
            stage.last(&bytes).await?;
            Ok(end)
        })
    });
    After::Play(Some(answer.status), play)
}

impl Fault for WrongLength {
    fn check(&self) -> Result<(), Problem> {
        (self.delta != 0).then_some(()).ok_or_else(|| Problem::issue("delta", "Expected a number other than 0"))
    }

    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let length = u64::try_from(answer.body.len()).unwrap_or(u64::MAX).saturating_add_signed(self.delta);
        let head = answer.head(&format!("content-length: {length}\r\n"));
        let end = if self.delta > 0 { End::Close } else { End::Linger };
        sends(&answer, [&head, &answer.body[..]].concat(), end)
    }
}

impl Fault for TwoLengths {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let length = answer.body.len();
        let head = answer.head(&format!("content-length: {length}\r\ncontent-length: {}\r\n", length + 10));
        sends(&answer, [&head, &answer.body[..]].concat(), End::Linger)
    }
}

impl Fault for LengthAndChunked {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let length = answer.body.len();
        let head = answer.head(&format!("content-length: {length}\r\n{CHUNKED}"));
        let size = format!("{length:x}\r\n");
        sends(&answer, [&head, size.as_bytes(), &answer.body[..], b"\r\n0\r\n\r\n"].concat(), End::Linger)
    }
}

impl Fault for NoLength {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let head = answer.head("connection: close\r\n");
        let (body, _) = answer.split(self.bytes.unwrap_or(u64::MAX));
        sends(&answer, [&head, &body[..]].concat(), End::Close)
    }
}

impl Fault for ChunkedCut {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let (head, size) = (answer.head(CHUNKED), format!("{:x}\r\n", answer.body.len()));
        let (body, _) = answer.split(self.bytes);
        sends(&answer, [&head, size.as_bytes(), &body[..]].concat(), End::Close)
    }
}

//! Connections that end early.

use std::time::Duration;

use serde::Deserialize;

use super::scene::{Answer, End, Play};
use super::{After, Fault, Instead, Occasion};
use crate::problem::Problem;

/// When a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Point {
    /// Before anything is read.
    Accept,
    /// When the request's head is read.
    AfterHead,
    /// When so many bytes of its body are read.
    MidBody,
    /// When all of it is read.
    BeforeCommit,
    #[default]
    AfterCommit,
}

/// The request is processed, then the connection is closed without a byte of answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoseResponse {}

/// The connection is reset without a byte of answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    #[serde(default)]
    at: Point,
    bytes: Option<u64>,
}

/// The connection is closed without a byte of answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Close {
    #[serde(default)]
    at: Point,
    bytes: Option<u64>,
}

/// The whole answer is given, then the connection is closed, though nothing said so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseAfterAnswer {
    #[serde(default)]
    micros: u64,
}

/// The request is processed, and its answer ends after so many bytes of the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Truncate {
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    reset: bool,
}

/// A connection's end at a point.
struct Cut(End, Point, Option<u64>);

impl Cut {
    fn check(&self) -> Result<(), Problem> {
        match (self.1, self.2) {
            (Point::MidBody, None) => Err(Problem::issue("bytes", "mid_body needs the number of bytes")),
            (Point::MidBody, Some(_)) | (_, None) => Ok(()),
            _ => Err(Problem::issue("bytes", "bytes goes with mid_body alone")),
        }
    }

    fn accept(&self) -> Option<Play> {
        (self.1 == Point::Accept).then(|| Play::end(self.0))
    }

    fn instead(&self) -> Option<Instead> {
        let read = match self.1 {
            Point::AfterHead => 0,
            Point::MidBody => self.2.unwrap_or_default(),
            Point::BeforeCommit => u64::MAX,
            Point::Accept | Point::AfterCommit => return None,
        };
        Some(Instead::Play { read, play: Play::end(self.0) })
    }

    fn after(&self, answer: Answer) -> After {
        match self.1 {
            Point::AfterCommit => After::Play(None, Play::end(self.0)),
            _ => After::Same(answer),
        }
    }
}

macro_rules! cuts {
    ($($name:ident: $cut:expr;)*) => {$(
        impl Fault for $name {
            fn check(&self) -> Result<(), Problem> {
                $cut(self).check()
            }

            fn accept(&self) -> Option<Play> {
                $cut(self).accept()
            }

            fn instead(&self) -> Option<Instead> {
                $cut(self).instead()
            }

            fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
                $cut(self).after(answer)
            }
        }
    )*};
}

cuts! {
    LoseResponse: |_: &LoseResponse| Cut(End::Close, Point::AfterCommit, None);
    Reset: |fault: &Reset| Cut(End::Reset, fault.at, fault.bytes);
    Close: |fault: &Close| Cut(End::Close, fault.at, fault.bytes);
}

impl Fault for CloseAfterAnswer {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let pause = Duration::from_micros(self.micros);
        After::Play(
            Some(answer.status),
            Play::new(move |stage| {
                Box::pin(async move {
                    let head = answer.true_head();
                    stage.answer(&[&head, &answer.body[..]].concat()).await?;
                    tokio::time::sleep(pause).await;
                    Ok(End::Drop)
                })
            }),
        )
    }
}

impl Fault for Truncate {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let (bytes, end) = (self.bytes, if self.reset { End::Reset } else { End::Close });
        After::Play(
            Some(answer.status),
            Play::new(move |stage| {
                Box::pin(async move {
                    let (sent, rest) = answer.split(bytes);
                    stage.send(&[&answer.true_head(), &sent[..]].concat()).await?;
                    // An answer that is shorter than that was not cut.
                    if rest.is_empty() { Err(std::io::ErrorKind::InvalidInput.into()) } else { Ok(end) }
                })
            }),
        )
    }
}

//! Answers that are too much: of heads, of headers, of JSON. They are made up while they are sent, so that they cost the
//! emulator no memory. A client that turns away ends each of them.

use std::io;

use serde::Deserialize;

use super::scene::{Answer, End, PIECE, Play, Stage};
use super::{After, Fault, Occasion};
use crate::problem::Problem;

/// So many informational heads before the answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Informational {
    #[serde(default = "many")]
    count: u64,
    #[serde(default = "early_hints")]
    status: u16,
}

/// The answer with so many headers more, of so many bytes each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderBomb {
    #[serde(default = "one")]
    count: u64,
    #[serde(default)]
    size: u64,
}

/// Valid JSON of about so many bytes: a list of many items, or one long text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HugeJson {
    size: u64,
    #[serde(default)]
    form: Form,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    List,
    Text,
}

/// Valid JSON: so many arrays in each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeepJson {
    depth: u64,
}

fn many() -> u64 {
    100_000
}

fn early_hints() -> u16 {
    103
}

fn one() -> u64 {
    1
}

/// A play that a client may end by turning away.
pub(super) fn until_gone<F>(status: http::StatusCode, play: F) -> After
where
    F: for<'a> FnOnce(&'a mut Stage) -> futures_util::future::BoxFuture<'a, io::Result<()>> + Send + 'static,
{
    let play = Play::new(move |stage| {
        Box::pin(async move {
            match play(stage).await {
                Ok(()) => Ok(End::Close),
                Err(_) => Ok(End::Drop),
            }
        })
    });
    After::Play(Some(status), play)
}

/// Sends a text again and again, in chunks or as it is.
pub(super) async fn repeat(stage: &mut Stage, text: &[u8], times: u64, chunks: bool) -> io::Result<()> {
    let fit = (PIECE / text.len().max(1)).max(1) as u64;
    let piece = text.repeat(usize::try_from(fit.min(times)).unwrap_or_default());
    let mut left = times;
    while left > 0 {
        let now = left.min(fit);
        let piece = piece.get(..text.len() * usize::try_from(now).unwrap_or_default()).unwrap_or_default();
        if chunks {
            stage.chunk(piece).await?;
        } else {
            stage.send(piece).await?;
        }
        left -= now;
    }
    Ok(())
}

impl Fault for Informational {
    fn check(&self) -> Result<(), Problem> {
        let known = (100..200).contains(&self.status) && self.status != 101;
        known.then_some(()).ok_or_else(|| Problem::issue("status", "Expected 100 or 102 to 199"))
    }

    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let (head, count) = (format!("HTTP/1.1 {} Noise\r\nlink: </noise>\r\n\r\n", self.status), self.count);
        until_gone(answer.status, move |stage| {
            Box::pin(async move {
                repeat(stage, head.as_bytes(), count, false).await?;
                stage.answer(&[&answer.true_head(), &answer.body[..]].concat()).await
            })
        })
    }
}

impl Fault for HeaderBomb {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let (count, size) = (self.count, self.size);
        until_gone(answer.status, move |stage| {
            Box::pin(async move {
                let mut head = answer.true_head();
                head.truncate(head.len() - 2);
                stage.send(&head).await?;
                for number in 0..count {
                    stage.send(format!("x-noise-{number}: ").as_bytes()).await?;
                    repeat(stage, b"n", size, false).await?;
                    stage.send(b"\r\n").await?;
                }
                stage.answer(&[b"\r\n", &answer.body[..]].concat()).await
            })
        })
    }
}

/// A body in chunks: its parts, each so many times.
fn chunked(answer: Answer, parts: Vec<(&'static str, u64)>) -> After {
    until_gone(answer.status, move |stage| {
        Box::pin(async move {
            stage.send(&answer.head("transfer-encoding: chunked\r\n")).await?;
            for (text, times) in parts {
                repeat(stage, text.as_bytes(), times, true).await?;
            }
            stage.answer(b"0\r\n\r\n").await
        })
    })
}

const ITEM: &str = r#"{"id":"019abc12-3456-7890-abcd-ef1234567890","status":"finished","name":"noise"},"#;

impl Fault for HugeJson {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        let parts = match self.form {
            Form::List => vec![
                (r#"{"data":["#, 1),
                (ITEM, self.size / ITEM.len() as u64),
                (r#"{"id":"0"}],"nextCursor":null}"#, 1),
            ],
            Form::Text => vec![(r#"{"data":{"id":""#, 1), ("n", self.size), (r#""}}"#, 1)],
        };
        chunked(answer, parts)
    }
}

impl Fault for DeepJson {
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        chunked(answer, vec![(r#"{"data":"#, 1), ("[", self.depth), ("]", self.depth), ("}", 1)])
    }
}

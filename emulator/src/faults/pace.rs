//! Answers that take their time, on the emulator's clock. A client that leaves ends each of them.

use std::time::Duration;

use serde::Deserialize;

use super::scene::{Answer, End, Play};
use super::{After, Fault, Occasion};
use crate::clock::millis;
use crate::operations::{FOLLOW_UP, LAUNCH};
use crate::problem::Problem;

/// The request is processed, then nothing comes for so long: before the head, or after so many bytes of the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stall {
    #[serde(default = "long", with = "crate::clock::seconds")]
    seconds: Duration,
    bytes: Option<u64>,
}

/// The body comes slowly.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drip {
    bytes_per_second: f64,
}

/// The request is processed so long after the client has given up.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommitDelay {
    #[serde(with = "crate::clock::seconds")]
    seconds: Duration,
}

fn long() -> Duration {
    Duration::from_secs(1 << 30)
}

impl Fault for Stall {
    fn after(&self, answer: Answer, occasion: &Occasion<'_>) -> After {
        // From before all that tells of it: the ledger's status, or the first bytes.
        let (end, bytes) = (occasion.app.clock.after(self.seconds), self.bytes);
        After::Play(
            Some(answer.status),
            Play::new(move |stage| {
                Box::pin(async move {
                    let head = answer.true_head();
                    let (first, rest) = match bytes {
                        None => (Vec::new(), [&head, &answer.body[..]].concat()),
                        Some(bytes) => {
                            let (first, rest) = answer.split(bytes);
                            ([&head, &first[..]].concat(), rest.to_vec())
                        }
                    };
                    stage.send(&first).await?;
                    if stage.wait(end).await {
                        stage.answer(&rest).await?;
                    }
                    Ok(End::Close)
                })
            }),
        )
    }
}

impl Fault for Drip {
    fn check(&self) -> Result<(), Problem> {
        let valid = (0.001..=1e9).contains(&self.bytes_per_second);
        valid.then_some(()).ok_or_else(|| Problem::issue("bytes_per_second", "Expected a number above 0"))
    }

    fn after(&self, answer: Answer, occasion: &Occasion<'_>) -> After {
        let start = occasion.app.clock.now();
        let pace = self.bytes_per_second;
        let step = Duration::from_secs_f64((1.0 / pace).max(0.01));
        After::Play(
            Some(answer.status),
            Play::new(move |stage| {
                Box::pin(async move {
                    // Each time is taken before the bytes that a client may move the clock at.
                    let step = millis(step);
                    let mut next = start.saturating_add(step);
                    stage.send(&answer.true_head()).await?;
                    let mut sent = 0_u64;
                    loop {
                        if !stage.wait(next).await {
                            return Ok(End::Drop);
                        }
                        // By the time that has passed: a clock that was moved on owes what has been due since.
                        let now = stage.app.clock.now();
                        let due = (now - start) as f64 / 1000.0 * pace;
                        next = now.saturating_add(step);
                        let (_, open) = answer.split(sent);
                        let more = open.slice(..open.len().min((due as usize).saturating_sub(sent as usize)));
                        sent += more.len() as u64;
                        if more.len() == open.len() {
                            stage.answer(&more).await?;
                            return Ok(End::Close);
                        }
                        if stage.send(&more).await.is_err() {
                            return Ok(End::Drop);
                        }
                    }
                })
            }),
        )
    }
}

impl Fault for CommitDelay {
    fn operations(&self) -> Vec<&'static str> {
        vec![LAUNCH, FOLLOW_UP]
    }

    fn delay(&self) -> Option<Duration> {
        Some(self.seconds)
    }
}

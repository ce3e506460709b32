//! Uploads that are refused before they are read, or stored wrongly.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::scene::{Answer, End, Play};
use super::{After, Fault, Instead, Occasion};
use crate::operations::UPLOAD;
use crate::problem::Problem;

/// The upload is answered so before its body is read. Then the connection is closed: at once, which resets it while the
/// client is still sending, or `lingering` until the client has noticed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Early {
    #[serde(default = "too_large")]
    status: u16,
    #[serde(default)]
    lingering: bool,
    body: Option<Value>,
}

/// The answer tells another size than was stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrongSize {
    delta: i64,
}

fn too_large() -> u16 {
    413
}

impl Fault for Early {
    fn operations(&self) -> Vec<&'static str> {
        vec![UPLOAD]
    }

    fn check(&self) -> Result<(), Problem> {
        let status = StatusCode::from_u16(self.status).ok().filter(|status| status.as_u16() >= 400);
        status.map(drop).ok_or_else(|| Problem::issue("status", "Expected an HTTP status from 400 upwards"))
    }

    fn instead(&self) -> Option<Instead> {
        let reason = StatusCode::from_u16(self.status).ok()?.canonical_reason().unwrap_or("Refused");
        let body = self.body.clone().unwrap_or_else(|| json!({ "error": reason })).to_string();
        let answer = format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.status,
            body.len()
        );
        let (status, end) = (self.status, if self.lingering { End::Close } else { End::Drop });
        let play = Play::new(move |stage| {
            Box::pin(async move {
                if let Some(entry) = &stage.entry {
                    entry.status(status);
                }
                stage.answer(answer.as_bytes()).await?;
                Ok(end)
            })
        });
        Some(Instead::Play { read: 0, play })
    }
}

impl Fault for WrongSize {
    fn operations(&self) -> Vec<&'static str> {
        vec![UPLOAD]
    }

    fn after(&self, mut answer: Answer, _: &Occasion<'_>) -> After {
        let changed = answer.change(|body| {
            let size = body.get("size").and_then(Value::as_i64);
            match (size, body.get_mut("size")) {
                (Some(size), Some(told)) => {
                    *told = json!(size.saturating_add(self.delta));
                    true
                }
                _ => false,
            }
        });
        if changed { After::Changed(answer) } else { After::Same(answer) }
    }
}

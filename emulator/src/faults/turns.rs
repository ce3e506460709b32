//! Turns that go otherwise than a client would think.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::scene::Answer;
use super::{After, Fault, Occasion};
use crate::agents;
use crate::clock::millis;
use crate::operations::{FOLLOW_UP, GET, LAUNCH, STOP};
use crate::problem::Problem;
use crate::turns::{self, Extras, NewMessage, Plan};

/// For that long the agent that was launched can neither be read nor listed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lag {
    #[serde(with = "crate::clock::seconds")]
    seconds: Duration,
}

/// For that long after a follow-up, agents are shown as they were before it; what the turn adds to the conversation can
/// be read that much later than it was written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaleFinished {
    #[serde(with = "crate::clock::seconds")]
    seconds: Duration,
    #[serde(default, with = "crate::clock::seconds")]
    conversation_lag: Duration,
}

/// The turn takes no time at all: no read ever shows it active.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FastTurn {}

/// For a third of its work the turn waits for a tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwaitingTool {}

/// What the turn adds to the conversation can be read that much later than it was written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationLag {
    #[serde(with = "crate::clock::seconds")]
    seconds: Duration,
}

/// Reads of an agent show these statuses, one after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flap {
    #[serde(default = "up_and_down")]
    statuses: Vec<String>,
}

/// The stop is accepted, but the turn finishes before it takes effect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StopLoses {}

/// After the turn's answer these rows are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrailingRows {
    #[serde(default = "tool_and_error")]
    rows: Vec<NewMessage>,
}

/// Somebody else's question and its answer get into the conversation: before the turn's own question, or after its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForeignFollowUp {
    #[serde(default)]
    when: When,
    #[serde(default = "foreign_prompt")]
    prompt: String,
    #[serde(default = "foreign_answer")]
    answer: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    Before,
    After,
}

/// The turn fails, and this is what the conversation says about it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FailTurn {
    #[serde(default = "failure")]
    text: String,
}

fn up_and_down() -> Vec<String> {
    ["running", "waiting", "running"].map(str::to_owned).to_vec()
}

fn tool_and_error() -> Vec<NewMessage> {
    vec![row("tool", "Saved the report"), row("error", "A preview could not be made")]
}

fn foreign_prompt() -> String {
    "Somebody else's question".to_owned()
}

fn foreign_answer() -> String {
    "The answer to somebody else".to_owned()
}

fn failure() -> String {
    "The turn failed: the model cannot be reached".to_owned()
}

fn row(role: &str, text: &str) -> NewMessage {
    NewMessage { role: role.to_owned(), text: text.to_owned() }
}

macro_rules! plans {
    ($($name:ident on $operations:expr => $plan:expr;)*) => {$(
        impl Fault for $name {
            fn operations(&self) -> Vec<&'static str> {
                $operations.to_vec()
            }

            fn plan(&self) -> Option<Plan> {
                let plan: fn(&Self) -> Plan = $plan;
                Some(plan(self))
            }
        }
    )*};
}

const BOTH: [&str; 2] = [LAUNCH, FOLLOW_UP];

plans! {
    StaleFinished on [FOLLOW_UP] => |fault| Plan {
        stale: millis(fault.seconds), lag: millis(fault.conversation_lag), ..Plan::default()
    };
    FastTurn on BOTH => |_| Plan { instant: true, ..Plan::default() };
    ConversationLag on BOTH => |fault| Plan { lag: millis(fault.seconds), ..Plan::default() };
    AwaitingTool on BOTH => |_| Plan { tools: true, ..Plan::default() };
    StopLoses on [STOP] => |_| Plan { stop_loses: true, ..Plan::default() };
    TrailingRows on BOTH => |fault| extra(Extras { after: fault.rows.clone(), ..Extras::default() });
    FailTurn on BOTH => |fault| extra(Extras { failure: Some(fault.text.clone()), ..Extras::default() });
}

fn extra(extras: Extras) -> Plan {
    Plan { extras, ..Plan::default() }
}

impl Fault for ForeignFollowUp {
    fn operations(&self) -> Vec<&'static str> {
        vec![FOLLOW_UP]
    }

    fn prepare(&self, occasion: &Occasion<'_>) -> Result<bool, Problem> {
        let (When::Before, Some(agent)) = (self.when, occasion.agent) else { return Ok(false) };
        let now = occasion.app.clock.now();
        occasion.app.store.with(|transaction| turns::interpose(transaction, agent, &self.rows(), now))
    }

    fn plan(&self) -> Option<Plan> {
        match self.when {
            When::Before => None,
            When::After => Some(extra(Extras { after: self.rows(), ..Extras::default() })),
        }
    }
}

impl ForeignFollowUp {
    fn rows(&self) -> Vec<NewMessage> {
        vec![row("user", &self.prompt), row("assistant", &self.answer)]
    }
}

impl Fault for Lag {
    fn operations(&self) -> Vec<&'static str> {
        vec![LAUNCH]
    }

    fn after(&self, answer: Answer, occasion: &Occasion<'_>) -> After {
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let agent = body.as_ref().and_then(|body| body.pointer("/data/id")).and_then(Value::as_str);
        let until = occasion.app.clock.now() + millis(self.seconds);
        let hide = |agent| occasion.app.store.with(|transaction| agents::hide(transaction, agent, until));
        match agent.map(hide) {
            Some(Ok(true)) => After::Changed(answer),
            _ => After::Same(answer),
        }
    }
}

impl Fault for Flap {
    fn operations(&self) -> Vec<&'static str> {
        vec![GET]
    }

    fn check(&self) -> Result<(), Problem> {
        let some = !self.statuses.is_empty();
        some.then_some(()).ok_or_else(|| Problem::issue("statuses", "Expected at least one status"))
    }

    fn times(&self) -> u32 {
        u32::try_from(self.statuses.len()).unwrap_or(u32::MAX)
    }

    fn after(&self, mut answer: Answer, occasion: &Occasion<'_>) -> After {
        let status = self.statuses.get(occasion.nth % self.statuses.len());
        let changed = answer.change(|body| match body.pointer_mut("/data/status") {
            Some(shown) => {
                *shown = json!(status);
                true
            }
            None => false,
        });
        if changed { After::Changed(answer) } else { After::Same(answer) }
    }
}

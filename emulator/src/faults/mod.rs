//! Faults: what goes wrong, when it is asked for.
//!
//! A new fault is a struct of its parameters that is a [`Fault`], in the file of its family, and a line in [`FAULTS`].

mod access;
mod answers;
mod bombs;
mod connection;
mod framing;
mod lists;
mod noise;
mod pace;
mod queue;
mod scene;
mod turns;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::app::App;
use crate::operations;
use crate::problem::Problem;
use crate::turns::Plan;

pub(crate) use lists::Alias;
pub(crate) use queue::{Faults, Strike};
pub(crate) use scene::{Answer, End, Play, Scene};

/// What can go wrong. Each hook acts at its own moment, in this order; a fault has those that it needs.
pub(crate) trait Fault: Send + Sync {
    /// The operations that it can befall.
    fn operations(&self) -> Vec<&'static str> {
        operations::names().collect()
    }

    /// Refuses parameters that cannot be acted on.
    fn check(&self) -> Result<(), Problem> {
        Ok(())
    }

    /// How many requests it befalls, unless that is said.
    fn times(&self) -> u32 {
        1
    }

    /// Acts on a connection, before anything is read from it.
    fn accept(&self) -> Option<Play> {
        None
    }

    /// Changes what the emulator knows, before the request is looked at. Whether it could.
    fn prepare(&self, _: &Occasion<'_>) -> Result<bool, Problem> {
        Ok(false)
    }

    /// Acts instead of the operation.
    fn instead(&self) -> Option<Instead> {
        None
    }

    /// Acts on the turn that the request starts, or stops.
    fn plan(&self) -> Option<Plan> {
        None
    }

    /// How long after the client has given up the request is processed.
    fn delay(&self) -> Option<Duration> {
        None
    }

    /// Acts on the answer, once the request is processed.
    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        After::Same(answer)
    }
}

/// The request that a fault befalls.
pub(crate) struct Occasion<'a> {
    pub(crate) app: &'a Arc<App>,
    /// How many requests the fault befell before.
    pub(crate) nth: usize,
    /// The key that it came with.
    pub(crate) key: Option<&'a str>,
    /// The agent that its path names.
    pub(crate) agent: Option<&'a str>,
    /// The cursor that it asks for.
    pub(crate) cursor: Option<&'a str>,
}

/// What happens instead of processing.
pub(crate) enum Instead {
    Answer(Response),
    /// So many bytes of the body are read; then the connection is the fault's.
    Play {
        read: u64,
        play: Play,
    },
}

/// What becomes of an answer.
pub(crate) enum After {
    /// The fault has nothing to do with it.
    Same(Answer),
    /// This one is given; with it the fault has happened.
    Changed(Answer),
    /// The connection is the fault's.
    Play(Option<StatusCode>, Play),
}

type Read = fn(Map<String, Value>) -> serde_json::Result<Arc<dyn Fault>>;

fn read<F: Fault + DeserializeOwned + 'static>(parameters: Map<String, Value>) -> serde_json::Result<Arc<dyn Fault>> {
    Ok(Arc::new(serde_json::from_value::<F>(Value::Object(parameters))?))
}

/// Each fault by its name.
static FAULTS: &[(&str, Read)] = &[
    ("lose_response", read::<connection::LoseResponse>),
    ("reset", read::<connection::Reset>),
    ("close", read::<connection::Close>),
    ("close_after_answer", read::<connection::CloseAfterAnswer>),
    ("truncate", read::<connection::Truncate>),
    ("wrong_length", read::<framing::WrongLength>),
    ("two_lengths", read::<framing::TwoLengths>),
    ("length_and_chunked", read::<framing::LengthAndChunked>),
    ("no_length", read::<framing::NoLength>),
    ("chunked_cut", read::<framing::ChunkedCut>),
    ("stall", read::<pace::Stall>),
    ("drip", read::<pace::Drip>),
    ("commit_delay", read::<pace::CommitDelay>),
    ("informational", read::<noise::Informational>),
    ("header_bomb", read::<noise::HeaderBomb>),
    ("huge_json", read::<noise::HugeJson>),
    ("deep_json", read::<noise::DeepJson>),
    ("bomb", read::<bombs::Bomb>),
    ("status", read::<answers::Status>),
    ("redirect", read::<answers::Redirect>),
    ("body", read::<answers::RawBody>),
    ("headers", read::<answers::Headers>),
    ("mutate", read::<answers::Mutate>),
    ("cursor", read::<lists::Cursor>),
    ("empty_page", read::<lists::EmptyPage>),
    ("duplicates", read::<lists::Duplicates>),
    ("lag", read::<turns::Lag>),
    ("stale_finished", read::<turns::StaleFinished>),
    ("fast_turn", read::<turns::FastTurn>),
    ("conversation_lag", read::<turns::ConversationLag>),
    ("awaiting_tool", read::<turns::AwaitingTool>),
    ("flap", read::<turns::Flap>),
    ("stop_loses", read::<turns::StopLoses>),
    ("trailing_rows", read::<turns::TrailingRows>),
    ("foreign_follow_up", read::<turns::ForeignFollowUp>),
    ("fail_turn", read::<turns::FailTurn>),
    ("early", read::<uploads::Early>),
    ("wrong_size", read::<uploads::WrongSize>),
    ("forget", read::<access::Forget>),
    ("revoke", read::<access::Revoke>),
];

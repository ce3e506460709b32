//! The table of the API: operation, scope, handler. A new endpoint is a line here and its handler.

use futures_util::future::BoxFuture;

use crate::call::{Call, Reply};
use crate::problem::Problem;
use crate::rates::Tier;
use crate::{agents, artifacts, conversation, files, launch, upload, workflows};

pub(crate) const UPLOAD: &str = "POST /files/upload";
pub(crate) const LAUNCH: &str = "POST /agents";
pub(crate) const GET: &str = "GET /agents/{id}";
pub(crate) const CONVERSATION: &str = "GET /agents/{id}/conversation";
pub(crate) const ARTIFACT: &str = "GET /agents/{id}/artifacts/{artifactId}";
pub(crate) const STOP: &str = "POST /agents/{id}/stop";
pub(crate) const DELETE: &str = "DELETE /agents/{id}";
pub(crate) const FOLLOW_UP: &str = "POST /agents/{id}/followup";

const LISTS: &[&str] = &["GET /files/search", "GET /workflows", "GET /agents"];

const FILES: &str = "developer:files";
const AGENT: &str = "developer:agent";

/// One endpoint.
pub(crate) struct Operation {
    /// Method and path below `/api/v0`.
    pub(crate) name: &'static str,
    pub(crate) scope: &'static str,
    pub(crate) tier: Tier,
    pub(crate) handler: Handler,
}

impl Operation {
    /// Whether it makes an agent work, which costs money.
    pub(crate) fn spends(&self) -> bool {
        self.name == LAUNCH || self.name == FOLLOW_UP
    }

    /// Whether it answers in pages.
    pub(crate) fn is_list(&self) -> bool {
        LISTS.contains(&self.name)
    }
}

/// How an endpoint is served.
pub(crate) enum Handler {
    /// At once, without a look at the body.
    Now(fn(&Call) -> Result<Reply, Problem>),
    /// With waiting in between.
    Later(fn(Call) -> BoxFuture<'static, Result<Reply, Problem>>),
}

use Handler::{Later, Now};
use Tier::{Heavy, Standard};

pub(crate) static OPERATIONS: &[Operation] = &[
    operation(UPLOAD, FILES, Heavy, Later(|call| Box::pin(upload::upload(call)))),
    operation("GET /files/search", FILES, Standard, Now(files::search)),
    operation("GET /workflows", AGENT, Standard, Now(workflows::list)),
    operation(LAUNCH, AGENT, Heavy, Later(|call| Box::pin(launch::launch(call)))),
    operation("GET /agents", AGENT, Standard, Now(agents::list)),
    operation(GET, AGENT, Standard, Now(agents::get)),
    operation(CONVERSATION, AGENT, Standard, Now(conversation::get)),
    operation(ARTIFACT, AGENT, Standard, Now(artifacts::get)),
    operation(DELETE, AGENT, Standard, Now(agents::delete)),
    operation(STOP, AGENT, Standard, Now(agents::stop)),
    operation(FOLLOW_UP, AGENT, Heavy, Later(|call| Box::pin(launch::follow_up(call)))),
];

const fn operation(name: &'static str, scope: &'static str, tier: Tier, handler: Handler) -> Operation {
    Operation { name, scope, tier, handler }
}

pub(crate) fn lists() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().filter(|operation| operation.is_list()).map(|operation| operation.name)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

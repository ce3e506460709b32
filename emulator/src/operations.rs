//! The table of the API: operation, scope, handler. A new endpoint is a line here and its handler.

use futures_util::future::BoxFuture;

use crate::call::{Call, Reply};
use crate::problem::Problem;
use crate::{agents, artifacts, conversation, files, launch, upload};

pub(crate) const LAUNCH: &str = "POST /agents";
pub(crate) const FOLLOW_UP: &str = "POST /agents/{id}/followup";

const FILES: &str = "developer:files";
const AGENT: &str = "developer:agent";

/// One endpoint.
pub(crate) struct Operation {
    /// Method and path below `/api/v0`.
    pub(crate) name: &'static str,
    pub(crate) scope: &'static str,
    pub(crate) handler: Handler,
}

/// How an endpoint is served.
pub(crate) enum Handler {
    /// At once, without a look at the body.
    Now(fn(&Call) -> Result<Reply, Problem>),
    /// With waiting in between.
    Later(fn(Call) -> BoxFuture<'static, Result<Reply, Problem>>),
}

use Handler::{Later, Now};

pub(crate) static OPERATIONS: &[Operation] = &[
    operation("POST /files/upload", FILES, Later(|call| Box::pin(upload::upload(call)))),
    operation("GET /files/search", FILES, Now(files::search)),
    operation(LAUNCH, AGENT, Later(|call| Box::pin(launch::launch(call)))),
    operation("GET /agents", AGENT, Now(agents::list)),
    operation("GET /agents/{id}", AGENT, Now(agents::get)),
    operation("GET /agents/{id}/conversation", AGENT, Now(conversation::get)),
    operation("GET /agents/{id}/artifacts/{artifactId}", AGENT, Now(artifacts::get)),
    operation("POST /agents/{id}/stop", AGENT, Now(agents::stop)),
    operation(FOLLOW_UP, AGENT, Later(|call| Box::pin(launch::follow_up(call)))),
];

const fn operation(name: &'static str, scope: &'static str, handler: Handler) -> Operation {
    Operation { name, scope, handler }
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

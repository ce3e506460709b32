//! The API's routes, and the way of every request: fault, key, scope, handler, fault.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::Method;

use crate::app::App;
use crate::call::{Call, Query, Reply, drain};
use crate::faults::{Instead, Strike};
use crate::ledger::Entry;
use crate::link::{Cut, Link};
use crate::operations::{Handler, OPERATIONS, Operation};
use crate::problem::Problem;
use crate::{auth, control, date, host, watch};

/// A body of up to this size is read to its end before an early answer, so that the connection can be used again.
const SMALL: u64 = 1 << 20;

/// Everything that the server answers.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for operation in OPERATIONS {
        let (method, path) = operation.name.split_once(' ').unwrap_or_default();
        let Some(filter) = Method::try_from(method).ok().and_then(|method| MethodFilter::try_from(method).ok()) else {
            continue;
        };
        let handler = move |State(app): State<Arc<App>>, parameters: RawPathParams, request: Request| {
            serve(operation, app, parameters, request)
        };
        router = router.route(&format!("/api/v0{path}"), on(filter, handler));
    }
    router
        .fallback(async || Problem::not_found("No such endpoint"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(Arc::clone(app), host::check))
        .layer(from_fn_with_state(Arc::clone(app), watch::watch))
        .layer(from_fn_with_state(Arc::clone(app), date::stamp))
        .nest("/_emulator", control::router(app))
        .with_state(Arc::clone(app))
}

async fn serve(operation: &'static Operation, app: Arc<App>, parameters: RawPathParams, request: Request) -> Response {
    let strike = app.faults.strike(operation.name);
    let entry = request.extensions().get::<Entry>().cloned();
    let link = request.extensions().get::<Arc<Link>>().cloned();
    if let Some(entry) = &entry {
        entry.operation(operation.name, strike.as_ref().map(|strike| strike.fault.name()));
    }
    let (parts, mut body) = request.into_parts();

    if let Some(instead) = strike.as_ref().and_then(|strike| strike.fault.before()) {
        drain(&mut body, u64::MAX).await;
        return match instead {
            Instead::Answer(response) => answered(response, strike),
            Instead::Cut(cut) => lost(link, cut, strike).await,
        };
    }

    let (cut, plan) = match &strike {
        Some(strike) => (strike.fault.after(), strike.fault.plan()),
        None => (None, None),
    };
    let planned = plan.is_some();
    let mut standing = None;
    let allowed = auth::check(&app.store, &parts.headers, operation.scope).and_then(|()| {
        standing = app.limiter.take(operation.tier, app.clock.now());
        match standing.as_ref().and_then(|standing| standing.wait) {
            Some(wait) => Err(Problem::rate_limited(wait)),
            None => Query::of(&parts.uri),
        }
    });
    let result = match allowed {
        Ok(query) => {
            let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let plan = plan.unwrap_or_default();
            perform(operation, Call { app, parameters, query, headers: parts.headers, body, plan }).await
        }
        Err(problem) => {
            drain(&mut body, SMALL).await;
            Err(problem)
        }
    };
    if result.is_ok() {
        if let Some(entry) = &entry {
            entry.processed();
        }
        if let (Some(strike), true) = (&strike, planned) {
            strike.complete();
        }
    }
    match cut {
        Some(cut) => lost(link, cut, strike).await,
        None => {
            let mut response = result.into_response();
            response.headers_mut().extend(standing.map(|standing| standing.headers()).unwrap_or_default());
            response
        }
    }
}

async fn perform(operation: &Operation, call: Call) -> Result<Reply, Problem> {
    if !operation.spends() {
        return handle(operation, call).await;
    }
    let app = Arc::clone(&call.app);
    app.budget.take()?;
    let result = handle(operation, call).await;
    if result.is_err() {
        app.budget.give_back();
    }
    result
}

async fn handle(operation: &Operation, mut call: Call) -> Result<Reply, Problem> {
    match operation.handler {
        Handler::Now(handler) => {
            drain(&mut call.body, SMALL).await;
            handler(&call)
        }
        Handler::Later(handler) => handler(call).await,
    }
}

fn answered(mut response: Response, strike: Option<Strike>) -> Response {
    if let Some(strike) = strike {
        response.extensions_mut().insert(strike);
    }
    response
}

async fn lost(link: Option<Arc<Link>>, cut: Cut, strike: Option<Strike>) -> Response {
    if let Some(link) = link {
        link.cut(cut, strike).await;
    }
    Problem::internal("a connection that cannot be cut").into_response()
}

//! The API's routes, and the way of every request: fault, key, limits, handler, wording, fault.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::Method;
use http::header::DATE;
use http::request::Parts;

use crate::app::App;
use crate::call::{Call, Query, Reply, drain, receive};
use crate::faults::{After, Alias, Answer, End, Instead, Occasion, Play, Scene, Strike};
use crate::ledger::Entry;
use crate::link::Link;
use crate::operations::{Handler, OPERATIONS, Operation};
use crate::problem::Problem;
use crate::rates::Standing;
use crate::{agents, auth, control, date, host, ids, watch};

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
            let (request, body) = request.into_parts();
            Visit::new(operation, app, &parameters, request).serve(body)
        };
        router = router.route(&format!("/api/v0{path}"), on(filter, handler));
    }
    router
        .fallback(async || Problem::not_found("No such endpoint"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(Arc::clone(app), host::check))
        .layer(from_fn_with_state(Arc::clone(app), watch::watch))
        .nest("/_emulator", control::router(app))
        .layer(from_fn_with_state(Arc::clone(app), date::stamp))
        .with_state(Arc::clone(app))
}

/// A request on its way.
struct Visit {
    operation: &'static Operation,
    app: Arc<App>,
    parameters: Vec<(String, String)>,
    request: Parts,
    entry: Option<Entry>,
    link: Arc<Link>,
    strike: Option<Strike>,
}

/// What a request that may pass comes with.
struct Admitted {
    query: Query,
    /// The page that it asks for: a cursor may be one that a fault made up.
    page: Alias,
}

impl Visit {
    fn new(operation: &'static Operation, app: Arc<App>, parameters: &RawPathParams, request: Parts) -> Self {
        let strike = app.faults.strike(operation.name);
        let entry = request.extensions.get::<Entry>().cloned();
        if let Some(entry) = &entry {
            entry.operation(operation.name, strike.as_ref().map(|strike| strike.name));
        }
        let link = request.extensions.get::<Arc<Link>>().cloned().unwrap_or_default();
        let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { operation, app, parameters, request, entry, link, strike }
    }

    async fn serve(self, mut body: Body) -> Response {
        if let Some(response) = self.struck_before(&mut body).await {
            return response;
        }
        let mut standing = None;
        let (result, page) = match self.admit(&mut standing) {
            Ok(Admitted { query, page }) => (self.process(query, body).await, page),
            Err(problem) => {
                drain(&mut body, SMALL).await;
                (Err(problem), Alias::default())
            }
        };
        let persona = self.app.persona();
        let mut response = persona.dress(self.operation.name, result);
        self.app.ledger.count(self.operation.name, response.status().as_u16());
        if let Some(standing) = standing.filter(|_| persona.tells_rates()) {
            response.headers_mut().extend(standing.headers());
        }
        match self.strike.is_some() || !page.again.is_empty() {
            true => self.struck_after(response, &page).await,
            false => response,
        }
    }

    /// What a fault does before the request is looked at, and answers instead of it.
    async fn struck_before(&self, body: &mut Body) -> Option<Response> {
        let strike = self.strike.as_ref()?;
        match strike.fault.prepare(&self.occasion(strike, None)) {
            Ok(true) => strike.complete(),
            Ok(false) => {}
            Err(problem) => return Some(problem.into_response()),
        }
        match strike.fault.instead()? {
            Instead::Answer(mut response) => {
                drain(body, u64::MAX).await;
                response.extensions_mut().insert(strike.clone());
                Some(response)
            }
            Instead::Play { read, play } => {
                let reached = receive(body, read).await;
                Some(self.take_over(play, reached).await)
            }
        }
    }

    /// Lets a request pass whose key may do this, within the limits.
    fn admit(&self, standing: &mut Option<Standing>) -> Result<Admitted, Problem> {
        let headers = &self.request.headers;
        if auth::bearer(headers).is_some_and(|key| self.app.faults.is_revoked(key)) {
            return Err(Problem::unauthorized());
        }
        auth::check(&self.app.store, headers, self.operation.scope)?;
        *standing = self.app.limiter.take(self.operation.tier, self.app.clock.now());
        if let Some(wait) = standing.as_ref().and_then(|standing| standing.wait) {
            return Err(Problem::rate_limited(wait));
        }
        if let Some(agent) = self.agent().and_then(ids::parse) {
            let now = self.app.clock.now();
            self.app.store.with(|transaction| agents::check_visible(transaction, &agent, now))?;
        }
        let mut query = Query::of(&self.request.uri)?;
        let cursor = query.get("cursor").map(str::to_owned);
        let page = match cursor.as_deref().and_then(|cursor| self.app.faults.behind(cursor)) {
            Some(page) => page,
            None => Alias { cursor, again: Vec::new() },
        };
        query.set("cursor", page.cursor.clone());
        Ok(Admitted { query, page })
    }

    async fn process(&self, query: Query, body: Body) -> Result<Reply, Problem> {
        let plan = self.strike.as_ref().and_then(|strike| strike.fault.plan());
        let planned = plan.is_some();
        let mut plan = plan.unwrap_or_default();
        plan.tools |= self.app.persona().has_tools();
        let (app, parameters) = (Arc::clone(&self.app), self.parameters.clone());
        let mut call = Call { app, parameters, query, headers: self.request.headers.clone(), body, plan };
        if let Some(delay) = self.strike.as_ref().and_then(|strike| strike.fault.delay()) {
            call.buffer().await?;
            return self.take_over(self.later(delay, call), true).await;
        }
        let result = perform(self.operation, call).await;
        if result.is_ok() {
            if let Some(entry) = &self.entry {
                entry.processed();
            }
            if let (Some(strike), true) = (&self.strike, planned) {
                strike.complete();
            }
        }
        result
    }

    /// Processes a call so long after the client has left.
    fn later(&self, delay: Duration, call: Call) -> Play {
        let operation = self.operation;
        Play::new(move |stage| {
            Box::pin(async move {
                stage.gone().await;
                stage.app.clock.sleep_until(stage.app.clock.after(delay)).await;
                perform(operation, call).await.map_err(|problem| std::io::Error::other(problem.error))?;
                if let Some(entry) = &stage.entry {
                    entry.processed();
                }
                Ok(End::Drop)
            })
        })
    }

    /// What a fault makes of the answer.
    async fn struck_after(&self, response: Response, page: &Alias) -> Response {
        let mut answer = match Answer::of(response).await {
            Ok(answer) => answer,
            Err(error) => return Problem::internal(error).into_response(),
        };
        page.fill(&mut answer);
        let Some(strike) = &self.strike else { return answer.into_response() };
        answer.headers.extend(self.app.clock.date().map(|date| (DATE, date)));
        match strike.fault.after(answer, &self.occasion(strike, page.cursor.as_deref())) {
            After::Same(answer) => answer.into_response(),
            After::Changed(answer) => {
                let mut response = answer.into_response();
                response.extensions_mut().insert(strike.clone());
                response
            }
            After::Play(status, play) => {
                if let (Some(entry), Some(status)) = (&self.entry, status) {
                    entry.status(status.as_u16());
                }
                self.take_over(play, true).await
            }
        }
    }

    /// Gives the connection away; a fault that is not `true` to what was asked does not count as completed.
    async fn take_over<T>(&self, play: Play, counts: bool) -> T {
        let strike = self.strike.clone().filter(|_| counts);
        let (app, entry) = (Arc::clone(&self.app), self.entry.clone());
        self.link.take_over(Some(Scene { app, play, strike, entry })).await
    }

    fn agent(&self) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| name == "id").map(|(_, id)| id.as_str())
    }

    fn occasion<'a>(&'a self, strike: &Strike, cursor: Option<&'a str>) -> Occasion<'a> {
        let key = auth::bearer(&self.request.headers);
        Occasion { app: &self.app, nth: strike.nth, key, agent: self.agent(), cursor }
    }
}

/// Processes a call, if the user can pay for it.
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
            let reply = handler(&call)?;
            match operation.is_list() {
                true => call.app.persona().count(&mut call, handler, reply),
                false => Ok(reply),
            }
        }
        Handler::Later(handler) => handler(call).await,
    }
}

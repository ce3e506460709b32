//! `/_emulator`: the switches of the emulator. All need the control token.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::options::Timing;
use crate::problem::Problem;
use crate::{auth, credentials, host, ledger, turns, validate, workflows};

type Answer = Result<(StatusCode, Json<Value>), Problem>;

pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/ledger", get(read_ledger))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/faults/{id}", get(read_fault))
        .route("/keys", post(add_key))
        .route("/timing", put(set_timing))
        .route("/persona", get(read_persona).put(set_persona))
        .route("/rates", get(read_rates).put(set_rates))
        .route("/spend", put(set_spend))
        .route("/clock", get(read_clock).put(set_clock))
        .route("/workflows", post(workflows::add))
        .route("/reset", post(reset))
        .fallback(async || Problem::not_found("No such control"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(Arc::clone(app), check_token))
        .layer(from_fn_with_state(Arc::clone(app), host::check))
}

async fn check_token(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let token = request.headers().get("x-emulator-token").map(http::HeaderValue::as_bytes);
    if token == Some(app.credentials.token.as_bytes()) {
        next.run(request).await
    } else {
        Problem::forbidden("X-Emulator-Token is missing or wrong").into_response()
    }
}

async fn read_ledger(State(app): State<Arc<App>>) -> Answer {
    if app.options.hash_uploads {
        let app = Arc::clone(&app);
        tokio::task::spawn_blocking(move || ledger::hash_files(&app.store)).await.map_err(Problem::internal)??;
    }
    let (agents, files) = app.store.with(|transaction| {
        let now = app.clock.now();
        turns::settle(transaction, now)?;
        Ok((ledger::agents(transaction, now)?, ledger::files(transaction)?))
    })?;
    answer(StatusCode::OK, json!({ "requests": app.ledger.requests()?, "agents": agents, "files": files }))
}

async fn add_fault(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    answer(StatusCode::CREATED, json!({ "id": app.faults.add(validate::object(&body)?)? }))
}

async fn read_fault(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    answer(StatusCode::OK, app.faults.report(&id)?)
}

async fn clear_faults(State(app): State<Arc<App>>) -> Answer {
    app.faults.clear();
    answer(StatusCode::OK, json!({}))
}

async fn add_key(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let body = validate::object(&body)?;
    let scope = |scope: &Value| {
        scope.as_str().filter(|scope| !scope.is_empty() && !scope.contains(char::is_whitespace)).map(str::to_owned)
    };
    let scopes = body.get("scopes").and_then(Value::as_array).map(|scopes| scopes.iter().map(scope).collect());
    let scopes: Option<Vec<String>> = scopes.flatten();
    let scopes = scopes.ok_or_else(|| Problem::issue("scopes", "Expected an array of scopes"))?;
    let key = credentials::new_key()?;
    app.store.with(|transaction| Ok(auth::remember(transaction, &key, &scopes, app.clock.now())?))?;
    answer(StatusCode::CREATED, json!({ "api_key": key }))
}

async fn set_timing(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let mut all = json!(app.timing());
    for (name, value) in validate::object(&body)? {
        match all.get_mut(&name) {
            Some(member) => *member = value,
            None => return Err(Problem::issue(&name, "Expected waiting, running or stopping")),
        }
    }
    let timing: Timing = serde_json::from_value(all).map_err(|error| Problem::bad_request(error.to_string()))?;
    app.set_timing(timing);
    answer(StatusCode::OK, json!(timing))
}

async fn read_clock(State(app): State<Arc<App>>) -> Answer {
    answer(StatusCode::OK, app.clock.json())
}

async fn set_clock(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    app.clock.set(&validate::object(&body)?)?;
    answer(StatusCode::OK, app.clock.json())
}

async fn read_persona(State(app): State<Arc<App>>) -> Answer {
    answer(StatusCode::OK, json!({ "persona": app.persona() }))
}

async fn set_persona(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let body = validate::object(&body)?;
    let persona = body.get("persona").and_then(Value::as_str).unwrap_or_default();
    app.set_persona(persona.parse().map_err(|error: String| Problem::issue("persona", error))?);
    read_persona(State(app)).await
}

async fn read_rates(State(app): State<Arc<App>>) -> Answer {
    answer(StatusCode::OK, json!(app.limiter.rates()))
}

async fn set_rates(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    answer(StatusCode::OK, json!(app.limiter.change(validate::object(&body)?)?))
}

async fn set_spend(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let body = validate::object(&body)?;
    let limit = match body.get("limit") {
        Some(Value::Null) => None,
        limit => Some(
            limit.and_then(Value::as_u64).ok_or_else(|| Problem::issue("limit", "Expected a whole number or null"))?,
        ),
    };
    app.budget.set(limit);
    answer(StatusCode::OK, json!({ "limit": limit }))
}

async fn reset(State(app): State<Arc<App>>) -> Answer {
    app.store.reset()?;
    app.faults.reset();
    app.ledger.reset();
    app.clock.reset();
    app.limiter.set(app.options.rates);
    app.budget.set(None);
    app.set_persona(app.options.persona);
    answer(StatusCode::OK, json!({}))
}

fn answer(status: StatusCode, body: Value) -> Answer {
    Ok((status, Json(body)))
}

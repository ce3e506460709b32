//! The header `Date`, by the emulator's clock.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::DATE;

use crate::app::App;

pub(crate) async fn stamp(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(date) = app.clock.date() {
        response.headers_mut().entry(DATE).or_insert(date);
    }
    response
}

//! The header `Date`, by the emulator's clock.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::DATE;

use crate::app::App;

/// Marks an answer that goes without.
#[derive(Clone)]
pub(crate) struct Undated;

pub(crate) async fn stamp(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = app.clock.date().filter(|_| response.extensions().get::<Undated>().is_none());
    if let Some(date) = date {
        response.headers_mut().entry(DATE).or_insert(date);
    }
    response
}

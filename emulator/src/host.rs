//! Only requests that name this server may come in: a web page that makes its own name resolve to 127.0.0.1 gets
//! nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::HOST;

use crate::app::App;
use crate::problem::Problem;

pub(crate) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if ours(host, app.port) {
        next.run(request).await
    } else {
        Problem::forbidden("The Host header does not name this emulator").into_response()
    }
}

fn ours(host: &str, port: u16) -> bool {
    let Some((name, host_port)) = host.rsplit_once(':') else { return false };
    host_port.parse() == Ok(port) && (name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost"))
}

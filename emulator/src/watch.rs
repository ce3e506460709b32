//! Keeps the ledger: counts what comes in, notes what goes out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use crate::app::App;
use crate::faults::Strike;
use crate::ledger::Entry;
use crate::link::Link;

/// Notes a request to the API from its head to the end of its answer.
pub(crate) async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let entry = app.ledger.begin(&request, app.clock.now());
    let link = request.extensions().get::<Arc<Link>>().cloned();
    let counted = |inner| Body::new(Counted { inner, entry: entry.clone(), link: link.clone() });
    let mut request = request.map(counted);
    request.extensions_mut().insert(entry.clone());
    let mut response = next.run(request).await;
    if let Some(link) = &link
        && link.is_broken_off()
    {
        // Whatever was to be said, nobody is there to hear it.
        link.take_over::<()>(None).await;
    }
    entry.status(response.status().as_u16());
    let strike = response.extensions_mut().remove::<Strike>();
    let end = link.map(|link| End { link, entry, strike });
    response.map(|inner| Body::new(Watched { inner, end }))
}

/// A request's body.
struct Counted {
    inner: Body,
    entry: Entry,
    link: Option<Arc<Link>>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match (&frame, &self.link) {
            (Some(Ok(frame)), _) => self.entry.received(frame.data_ref().map_or(0, Bytes::len)),
            (Some(Err(_)), Some(link)) => link.broke_off(),
            _ => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body.
struct Watched {
    inner: Body,
    end: Option<End>,
}

struct End {
    link: Arc<Link>,
    entry: Entry,
    strike: Option<Strike>,
}

impl Watched {
    fn note_end(&mut self) {
        if self.inner.is_end_stream()
            && let Some(End { link, entry, strike }) = self.end.take()
        {
            link.answering(entry, strike);
        }
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        self.note_end();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Watched {
    /// A body without content is never polled.
    fn drop(&mut self) {
        self.note_end();
    }
}

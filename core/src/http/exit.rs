//! Sends a call until it is answered, refused, or must not be sent again.

use super::{
    answer::Answer,
    call::{Call, DEADLINE},
    gate::{Access, Pass, Visitor},
    patience::Patience,
    report::{answered, failed, failing, silent, stamped, unknown},
    retry::{self, Attempt, Ending, Quota, Verdict},
    transport::{Failure, Outcome, Request, Transport},
    watch::{ACCEPTANCE, watch},
};
use crate::{
    Error, ErrorKind, Event, EventKind, RequestOutcome, Result, Timestamp,
    config::Config,
    events::Events,
    flow::line::Place,
    nomic::routes::{Route, Safety},
    progress::QUEUE,
    runtime::PerProcess,
};
use http::{HeaderMap, HeaderValue, header};
use once_cell::sync::OnceCell;
use serde::de::DeserializeOwned;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// A paid request is not sent with less time left than this, or half of its deadline.
const NEED: Duration = Duration::from_secs(5);

/// The one way out of this process.
pub(crate) struct Exit {
    /// Tells the clients of a process apart.
    id: u64,
    /// Whether its gates are its own, since its time is.
    alone: bool,
    access: PerProcess<OnceCell<Arc<Access>>>,
    config: Arc<Config>,
    transport: Arc<dyn Transport>,
    headers: HeaderMap,
    quota: Quota,
    pub(crate) events: Events,
    /// A connection was kept after a success, and none has proved to be closed since.
    kept: AtomicBool,
    closed: AtomicBool,
}

impl Exit {
    pub(crate) fn new(config: Arc<Config>, transport: Arc<dyn Transport>, alone: bool) -> Result<Self> {
        static CLIENTS: AtomicU64 = AtomicU64::new(0);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, config.api_key.header()?);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| Error::new(ErrorKind::Config, "The user agent cannot be sent in a header."))?;
        headers.insert(header::USER_AGENT, agent);
        Ok(Self {
            id: CLIENTS.fetch_add(1, Relaxed),
            alone,
            access: PerProcess::new(),
            config,
            transport,
            headers,
            quota: Quota::new(),
            events: Events::default(),
            kept: false.into(),
            closed: false.into(),
        })
    }

    /// From now on every call fails before anything is sent.
    pub(crate) fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    /// Makes the call and decodes its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        self.dated(call).await.map(|(value, _)| value)
    }

    /// The same, with the time that the server told beside its answer.
    pub(crate) async fn dated<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<(T, Option<Timestamp>)> {
        let route = call.route;
        let path = route.path(call.ids)?;
        let (started, upload) = (call.started, call.payload.meter());
        let deadline = call.deadline.unwrap_or_else(|| match upload {
            Some(meter) => DEADLINE + ACCEPTANCE + Duration::from_secs(meter.total >> 14),
            None => DEADLINE.max(self.config.timeout),
        });
        let need = if route.safety == Safety::Effect { (deadline / 2).min(NEED) } else { Duration::ZERO };
        let (mut made, mut unsettled, mut queue) = (0, false, Queue::default());
        loop {
            let spent = || started.elapsed().saturating_sub(queue.waited);
            self.may_send(route, deadline.saturating_sub(spent()), need)?;
            let mut pass = match self.enter(&call, need, &mut queue).await {
                Ok(pass) => pass,
                Err(mut error) => {
                    let info = error.info_mut();
                    (info.attempts, info.elapsed) = (made, started.elapsed().as_secs_f64());
                    if unsettled {
                        // An earlier request of this call may have arrived.
                        info.outcome = Some(RequestOutcome::Unknown);
                    }
                    return Err(error);
                }
            };
            let spent = || started.elapsed().saturating_sub(queue.waited);
            let left = || deadline.saturating_sub(spent()).min(call.rest());
            self.may_send(route, left(), need)?;
            pass.spend();
            made += 1;
            let sent = Instant::now();
            // What is sent again goes over a connection of its own: the last one may be what failed.
            let fresh = made > 1 || route.safety == Safety::Effect;
            call.tell_flight(true);
            let outcome = self.once(&call, &path, left(), fresh).await;
            if let Outcome::Answered(answer) = &outcome {
                pass.answered(answer.status, answer.standing());
            }
            let (ending, mut error) = match outcome {
                // It was there to be deleted, and is gone.
                Outcome::Answered(answer) if unsettled && answer.is_gone(route) => {
                    return answer.emptied().decode().map(|value| (value, None));
                }
                Outcome::Answered(mut answer) if answer.status.is_success() => match answer.decode() {
                    Ok(value) => {
                        self.events.tell(answered(route, &answer, made, sent.elapsed()));
                        self.quota.refill();
                        self.kept.store(true, Relaxed);
                        return Ok((value, answer.date()));
                    }
                    Err(error) => {
                        crate::runtime::abandon_connection();
                        // All that its body has to say is in the error.
                        answer = answer.emptied();
                        answer.conceal(&self.config.api_key);
                        (Ending::Garbled, stamped(route, error, &answer))
                    }
                },
                Outcome::Answered(mut answer) => {
                    answer.conceal(&self.config.api_key);
                    let error = answer.error(route);
                    (answer.ending(&error), stamped(route, error, &answer))
                }
                Outcome::NotSent(failure) => {
                    let permanent = failure.permanent;
                    pass.unsent();
                    (Ending::NotSent { permanent }, failed(route, failure, RequestOutcome::NotSent))
                }
                Outcome::Unknown(failure) => match call.payload.meter().and_then(|meter| meter.take_failure()) {
                    // The file's length was announced and not reached, so the server has no whole file.
                    Some(error) => (Ending::Final, error),
                    None if failure.kind == ErrorKind::Protocol => {
                        let ending = if failure.permanent { Ending::Unbearable } else { Ending::Garbled };
                        (ending, failed(route, failure, RequestOutcome::Answered))
                    }
                    None => {
                        let broke = failure.kind == ErrorKind::Transport;
                        let stale = broke && !fresh && self.kept.swap(false, Relaxed);
                        let ending = if stale { Ending::Stale } else { Ending::Unknown };
                        (ending, failed(route, failure, RequestOutcome::Unknown))
                    }
                },
            };
            self.events.tell(failing(route, &error, made, sent.elapsed()));
            let lost = ending.is_unsettled();
            unsettled |= lost;
            if !lost {
                call.tell_flight(false);
            }
            let (retries, jitter) = (self.config.retries, fastrand::f64());
            let limited = if upload.is_some() { 4 } else { 20 };
            let attempt = Attempt { safety: route.safety, made, retries, left: left(), need, limited, jitter };
            let verdict = retry::judge(attempt, ending);
            let pause = retry::pause(ending, verdict, jitter);
            let paused = pause.is_some_and(|wait| pass.pause(wait));
            if let Some(wait) = pause.filter(|_| paused) {
                let text = format!("everything of the tier {} pauses", route.tier.as_str());
                self.events.tell(Event::new(EventKind::Paused, route.operation, text).taking(wait));
            }
            match verdict {
                Verdict::Again(wait) if !call.payload.is_spent() && (ending.is_no_storm() || self.quota.take()) => {
                    let text = format!("is sent again: {}", error.code);
                    self.events.tell(Event::new(EventKind::Retrying, route.operation, text).taking(wait));
                    // A pause of the tier is waited for where everybody waits for it, in front of them.
                    match paused {
                        true => (queue.again, queue.owed) = (pass.place(), wait),
                        false => sleep(wait).await,
                    }
                }
                _ => {
                    if lost && route.safety == Safety::Effect {
                        error = unknown(route, &error, call.payload.meter().map(AsRef::as_ref));
                    }
                    let info = error.info_mut();
                    (info.attempts, info.elapsed) = (made, started.elapsed().as_secs_f64());
                    error.conceal(&self.config.api_key);
                    return Err(error);
                }
            }
        }
    }

    /// Waits for the call's turn. What it waits beyond what it owes does not count as its own time.
    async fn enter(&self, call: &Call<'_>, need: Duration, queue: &mut Queue) -> Result<Pass> {
        let visitor = Visitor {
            route: call.route,
            caller: (self.id, call.job),
            again: queue.again.take(),
            until: call.end.map(|end| call.started + end.saturating_sub(need)),
            progress: call.progress.cloned().or_else(|| QUEUE.try_with(Clone::clone).ok()),
            events: &self.events,
        };
        let (access, arrived) = (self.access.get(), Instant::now());
        let access = access.get_or_init(|| Access::new(&self.config, self.alone));
        let pass = match self.config.pace {
            true => access.enter(visitor).await?,
            false => access.wave(&visitor)?,
        };
        queue.waited += arrived.elapsed().saturating_sub(std::mem::take(&mut queue.owed));
        Ok(pass)
    }

    fn may_send(&self, route: &Route, left: Duration, need: Duration) -> Result<()> {
        let operation = route.operation;
        if self.closed.load(Relaxed) {
            return Err(Error::new(ErrorKind::Closed, format!("{operation}: The client was closed. Make a new one.")));
        }
        if left >= need {
            return Ok(());
        }
        let text = format!("{operation}: The time was over before the request was sent. Nothing was sent; give more.");
        let mut error = Error::new(ErrorKind::RequestTimeout, text);
        error.info_mut().outcome = Some(RequestOutcome::NotSent);
        Err(error)
    }

    async fn once(&self, call: &Call<'_>, path: &str, left: Duration, fresh: bool) -> Outcome<Answer> {
        let mut headers = self.headers.clone();
        if let Some(kind) = call.payload.content_type().and_then(|kind| kind.parse().ok()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        if fresh {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let request = Request {
            method: call.route.method.clone(),
            url: self.config.origin.endpoint(path, &call.query),
            headers,
            payload: call.payload.clone(),
            begun: Arc::default(),
            fresh,
        };
        let begun = request.begun.clone();
        let exchange = async {
            let response = self.transport.send(request).await?;
            Answer::collect(response).await
        };
        let result = match call.payload.meter() {
            Some(meter) => watch(exchange, meter, call.progress, left, |left| call.room(left)).await,
            None => {
                let limit = self.config.timeout.min(call.room(left)).min(call.each);
                Patience::new(limit).wait(pin!(exchange)).await.unwrap_or_else(|| Err(silent(limit)))
            }
        };
        let result = result.map_err(|failure| match failure.kind {
            // It was still connecting.
            ErrorKind::RequestTimeout if call.route.safety == Safety::Effect && !begun.swap(true, Relaxed) => {
                Failure { sent: false, ..failure }
            }
            _ => failure,
        });
        let cut_short = call.payload.meter().is_some_and(|meter| {
            meter.stop();
            meter.sent() < meter.total
        });
        let left_behind = |failure: &Failure| matches!(failure.kind, ErrorKind::RequestTimeout | ErrorKind::Protocol);
        if cut_short || result.as_ref().is_err_and(left_behind) {
            crate::runtime::abandon_connection();
        }
        match result {
            Ok(answer) => Outcome::Answered(answer),
            Err(failure) if failure.sent => Outcome::Unknown(failure),
            Err(failure) => Outcome::NotSent(failure),
        }
    }
}

/// How a call stands with the gate.
#[derive(Default)]
struct Queue {
    /// How long it waited for its turn.
    waited: Duration,
    /// How much of the next wait is its own affair, since it was refused.
    owed: Duration,
    /// Where it stood then.
    again: Option<Place>,
}

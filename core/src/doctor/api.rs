//! Whether the key works, what it may do, how long that takes, and what time it is there.

use super::{Finding, State};
use crate::{
    ClientOptions, ErrorKind, ListOptions, Nomic, Result, SearchOptions,
    config::Config,
    http::{
        Failure, Transport,
        reqwest::Sockets,
        retry::http_date,
        transport::{Request, Response},
    },
};
use futures_util::future::BoxFuture;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A clock that is further off is worth a word, in seconds.
const SKEW: f64 = 60.0;
const SLOW: Duration = Duration::from_secs(2);

/// The client's own transport, watched.
struct Watched {
    sockets: Arc<Sockets>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// When an answer's head came, how long it took, and what time the server had.
#[derive(Clone, Copy)]
struct Seen {
    at: jiff::Timestamp,
    took: Duration,
    there: Option<jiff::Timestamp>,
}

impl Transport for Watched {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        let (sent, seen) = (self.sockets.send(request), self.seen.clone());
        Box::pin(async move {
            let started = Instant::now();
            let response = sent.await?;
            let date = response.headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
            let there = date.and_then(http_date);
            let now = Seen { at: jiff::Timestamp::now(), took: started.elapsed(), there };
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(now);
            Ok(response)
        })
    }
}

pub(super) async fn probe(options: ClientOptions, config: &Config, tell: &mut impl FnMut(Finding)) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watched = Watched { sockets: Arc::new(Sockets::new(Arc::new(config.clone()))), seen: seen.clone() };
    // One try: what fails now and then shall be seen.
    let nomic = match Nomic::over(ClientOptions { retries: Some(0), ..options }, Arc::new(watched)) {
        Ok(nomic) => nomic,
        Err(error) => return tell(Finding::of("key", &error)),
    };
    let files = read_files(&nomic).await;
    let agents = match &files {
        Err(error) if error.kind() == ErrorKind::Authentication => Err(error.clone()),
        _ => read_agents(&nomic).await,
    };
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(first) = seen.first() {
        tell(clock(first));
    }
    judge(&files, &agents).into_iter().for_each(&mut *tell);
    if !seen.is_empty() {
        tell(latency(&seen));
    }
}

async fn read_files(nomic: &Nomic) -> Result<()> {
    nomic.files().search(SearchOptions::default().query("nomkit").page_size(1u32))?.next_page().await.map(drop)
}

async fn read_agents(nomic: &Nomic) -> Result<()> {
    nomic.agents().list(ListOptions::default().page_size(1u32))?.next_page().await.map(drop)
}

/// A key that lacks one of two scopes is of use for the other.
fn judge(files: &Result<()>, agents: &Result<()>) -> Vec<Finding> {
    let refused = |result: &Result<()>| result.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    if let Err(error) = files
        && error.kind() == ErrorKind::Authentication
    {
        let advice = "Create a key (`npk_…`) in the Developer Console, under /developer on your instance.";
        return vec![Finding { advice: Some(advice.to_owned()), ..Finding::of("access", error) }];
    }
    let useless = refused(files) && refused(agents);
    let scope = |check, what: &str, result: &Result<()>| match result {
        Ok(()) => Finding::ok(check, format!("the key may use {what}")),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let scope = error.detail("scope").and_then(crate::Json::as_str).unwrap_or_default().to_owned();
            let advice = format!("A key with the scope `{scope}` is made in the Developer Console, under /developer.");
            let finding = Finding { advice: Some(advice), ..Finding::of(check, error) }.with("scope", scope);
            // It is no error of those calls that need the other scope alone.
            if useless { finding } else { Finding { state: State::Warn, code: None, kind: None, ..finding } }
        }
        Err(error) => Finding::of(check, error),
    };
    vec![scope("files", "files", files), scope("agents", "agents", agents)]
}

fn clock(seen: &Seen) -> Finding {
    let Some(there) = seen.there else {
        let advice = "Compare this machine's clock by other means.";
        return Finding::warn("clock", "The server does not say what time it has", advice);
    };
    // The head was written about half a round trip ago, and says whole seconds.
    let here = seen.at.as_millisecond() as f64 / 1e3 - seen.took.as_secs_f64() / 2.0;
    let ahead = here - (there.as_second() as f64 + 0.5);
    let text = match ahead {
        _ if ahead.abs() <= SKEW => "agrees with the server's".to_owned(),
        0.0.. => format!("is {} ahead of the server's", span(ahead)),
        _ => format!("is {} behind the server's", span(-ahead)),
    };
    let finding = match ahead.abs() <= SKEW {
        true => Finding::ok("clock", text),
        false => Finding::warn("clock", text, "Set this machine's clock: certificates and time stamps go by it."),
    };
    finding.with("ahead", (ahead * 10.0).round() / 10.0)
}

fn span(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

fn latency(seen: &[Seen]) -> Finding {
    let longest = seen.iter().map(|seen| seen.took).max().unwrap_or_default();
    let times = seen.iter().map(|seen| format!("{:.0} ms", seen.took.as_secs_f64() * 1e3)).collect::<Vec<_>>();
    let finding = match longest < SLOW {
        true => Finding::ok("latency", times.join(", ")),
        false => Finding::warn("latency", times.join(", "), "Something between here and the server is slow."),
    };
    finding.with("seconds", seen.iter().map(|seen| seen.took.as_secs_f64()).collect::<Vec<_>>())
}

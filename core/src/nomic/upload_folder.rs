//! A whole folder, uploaded file by file.

use super::{File, Files, FolderOptions, UploadOptions, UploadOutcome};
use crate::{
    Error, ErrorKind, OnProgress, Progress, Result, Source,
    config::seconds,
    progress::INTERVAL,
    runtime::apart,
    source::{
        folder::{Fingerprint, Found, fingerprint, walk},
        parcel::{Parcel, check_path, encoded},
    },
};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::Instant;

/// What became of a content: where it came from first, and the file or the error that nothing more can be done about.
type Sent = HashMap<(u64, Fingerprint), (String, Result<File>)>;

pub(crate) async fn upload_folder(
    files: &Files,
    folder: PathBuf,
    options: FolderOptions,
    progress: Option<OnProgress>,
) -> Result<Vec<UploadOutcome>> {
    let prefix = options.path.as_deref().map(|path| path.strip_suffix('/').unwrap_or(path));
    check_path(prefix)?;
    let prefix = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
    let pattern = options.pattern.unwrap_or_else(|| "**/*".to_owned());
    let found = apart(move || walk(&folder, &pattern)).await??;

    let mut lengths = HashMap::<u64, usize>::new();
    for file in &found {
        *lengths.entry(file.len()).or_default() += 1;
    }
    let mut tally = Tally::new(progress, found.iter().map(Found::len).sum());
    let (mut sent, mut outcomes, mut hopeless) = (Sent::new(), Vec::new(), None::<Error>);
    for file in found {
        let (len, relative) = (file.len(), file.relative.clone());
        let path = format!("{prefix}{}", encoded(&relative));
        let to = UploadOptions {
            path: Some(path),
            parent_id: options.parent_id.clone(),
            timeout: options.timeout,
            ..UploadOptions::default()
        };
        let twins = lengths.get(&len).is_some_and(|count| *count > 1);
        let (result, same_as) = match &hopeless {
            Some(error) => (Err(error.clone()), None),
            None => once(files, file, to, twins, &mut sent, tally.listener()).await,
        };
        hopeless = hopeless.or_else(|| result.as_ref().err().filter(|error| is_hopeless(error)).cloned());
        tally.passed(len);
        let (file, error) = result.map_or_else(|error| (None, Some(error)), |file| (Some(file), None));
        outcomes.push(UploadOutcome { source: relative, file, error, same_as });
    }
    if outcomes.iter().any(|outcome| outcome.file.is_some()) {
        tally.accepted();
    }
    Ok(outcomes)
}

/// Uploads a file unless its content was sent before in this call.
async fn once(
    files: &Files,
    file: Found,
    options: UploadOptions,
    twins: bool,
    sent: &mut Sent,
    progress: Option<OnProgress>,
) -> (Result<File>, Option<String>) {
    let (began, relative) = (Instant::now(), file.relative.clone());
    let (parcel, key) = match prepare(file, &options, twins).await {
        Ok(prepared) => prepared,
        Err(error) => return (Err(error), None),
    };
    if let Some((first, result)) = key.and_then(|key| sent.get(&key)) {
        return (result.clone(), Some(first.clone()));
    }
    let sending = async {
        let limit = options.timeout.map(|timeout| seconds("timeout", timeout)).transpose()?;
        files.send(parcel, limit.map(|limit| (began, limit)), progress.as_ref()).await
    };
    let result = sending.await;
    // A content that the server may have is not sent again either.
    let settled = result.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::OutcomeUnknown);
    if let Some(key) = key.filter(|_| settled) {
        sent.insert(key, (relative, result.clone()));
    }
    (result, None)
}

/// A file as it is now, and what tells its content: what is sent has the same stamp, so it is what was read here.
async fn prepare(file: Found, options: &UploadOptions, twins: bool) -> Result<(Parcel, Option<(u64, Fingerprint)>)> {
    file.state?;
    let parcel = Parcel::new(Source::Path(file.path.clone()), options)?;
    let Some(stamp) = parcel.stamp().filter(|_| twins).cloned() else { return Ok((parcel, None)) };
    let len = stamp.len;
    let fingerprint = apart(move || fingerprint(file.path, stamp)).await??;
    Ok((parcel, Some((len, fingerprint))))
}

/// Whether every further file would end the same.
fn is_hopeless(error: &Error) -> bool {
    use ErrorKind::*;
    matches!(
        error.kind(),
        Authentication
            | PermissionDenied
            | Billing
            | SpendLimit
            | FeatureUnavailable
            | NotConfigured
            | Closed
            | Config
            | Connect
            | Tls
            | Proxy
    )
}

/// Progress over all bytes of all files.
struct Tally {
    listener: Option<OnProgress>,
    before: u64,
    total: u64,
    started: Instant,
    told: Arc<Mutex<Option<Instant>>>,
}

impl Tally {
    fn new(listener: Option<OnProgress>, total: u64) -> Self {
        Self { listener, before: 0, total, started: Instant::now(), told: Arc::default() }
    }

    /// Who is told about the file that comes next.
    fn listener(&self) -> Option<OnProgress> {
        let (listener, told) = (self.listener.clone()?, self.told.clone());
        let (before, total, started) = (self.before as f64, self.total as f64, self.started);
        Some(Arc::new(move |one: Progress| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.is_none_or(|told| told.elapsed() >= INTERVAL) {
                *told = Some(Instant::now());
                drop(told);
                listener(whole("sending", before + one.done, total, started));
            }
        }))
    }

    fn passed(&mut self, len: u64) {
        self.before += len;
    }

    fn accepted(&self) {
        if let Some(listener) = &self.listener {
            listener(whole("accepted", self.total as f64, self.total as f64, self.started));
        }
    }
}

fn whole(phase: &str, done: f64, total: f64, started: Instant) -> Progress {
    let elapsed = started.elapsed().as_secs_f64();
    let rate = (elapsed > 0.0 && done > 0.0).then(|| done / elapsed);
    let eta = rate.map(|rate| (total - done).max(0.0) / rate);
    Progress { phase: phase.to_owned(), done, total: Some(total), rate, eta }
}

//! Files: upload and search.

use super::{
    File, FileHit, FolderOptions, Pager, SearchOptions, UploadOptions, UploadOutcome,
    client::Shared,
    pager::page_size,
    recover::upload::{Place, untold},
    routes,
    upload_folder::upload_folder,
};
use crate::{
    Error, ErrorKind, OnProgress, Result, Source,
    config::seconds,
    http::{Call, Limit},
    source::parcel::Parcel,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long it may take to see what is there before an upload.
const LOOK: Duration = Duration::from_secs(10);

/// Files: upload and search.
#[derive(Clone)]
pub struct Files {
    pub(crate) shared: Arc<Shared>,
}

impl Files {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Uploads one file, streamed from where it is, in constant memory. `POST /files/upload`, scope
    /// `developer:files`, tier Heavy, 500 MB at most. A stream is sent once: whatever becomes of it, it is not sent
    /// again.
    ///
    /// # Errors
    /// `InvalidInput`, `LocalIo` and `TooLarge` before anything is sent; `SourceChanged` if the file changes
    /// meanwhile, or a stream has another size than was said; `LocalIo` if a stream breaks; `Integrity` if the
    /// platform has another size; `OutcomeUnknown` if the answer was lost: it is never sent a second time. With a `path`
    /// the file is looked for, by a search before and after, and given as `recovered` if it is found within 30 s.
    pub async fn upload(&self, source: Source, options: UploadOptions, progress: Option<OnProgress>) -> Result<File> {
        if let Some(parent) = &options.parent_id {
            routes::check_id("parent_id", parent)?;
        }
        let limit = options.timeout.map(|timeout| seconds("timeout", timeout)).transpose()?;
        let until = limit.map(|limit| (Instant::now(), limit));
        let mut parcel = Parcel::new(source, &options)?;
        parcel.read(progress.as_ref(), limit).await?;
        self.send(parcel, until, progress.as_ref()).await
    }

    /// Uploads the files of a folder that match a pattern, one after another, sorted by their place in it. The same
    /// content is sent once. Hidden files and folders are left out; links to folders are not followed.
    ///
    /// What became of each file is in its outcome. An error that would befall every further file (the key, the spend
    /// limit, no connection) ends the sending, and the rest carry it too.
    ///
    /// # Errors
    /// `InvalidInput` if nothing matches or the options are wrong, `LocalIo` if the folder cannot be read; then
    /// nothing was sent.
    pub async fn upload_folder(
        &self,
        folder: PathBuf,
        options: FolderOptions,
        progress: Option<OnProgress>,
    ) -> Result<Vec<UploadOutcome>> {
        if let Some(parent) = &options.parent_id {
            routes::check_id("parent_id", parent)?;
        }
        options.timeout.map(|timeout| seconds("timeout", timeout)).transpose()?;
        upload_folder(self, folder, options, progress).await
    }

    /// Sends what was checked; `until` is since when, and for how long.
    pub(crate) async fn send(
        &self,
        parcel: Parcel,
        until: Option<(Instant, Duration)>,
        progress: Option<&OnProgress>,
    ) -> Result<File> {
        let (path, parent) = (parcel.path.clone(), parcel.parent_id.clone());
        // By its name alone, wherever it goes: what is found is told by the end of its path. Two files of one name may
        // have different contents, so none is taken for another.
        let claim = self.shared.account().uploads.open(parcel.file_name().to_lowercase(), None);
        let payload = parcel.payload()?;
        let until_end = until.map(|(started, limit)| started + limit);
        let place = match &path {
            Some(path) => {
                let limit = until_end.map_or(LOOK, |end| LOOK.min(end.saturating_duration_since(Instant::now())));
                Place::look(self, path, parent.as_deref(), limit).await?
            }
            None => None,
        };
        let meter = payload.meter().cloned();
        let sent = meter.as_ref().map(|meter| meter.total);
        let told = |flying| claim.flying(flying);
        let mut call = Call::new(routes::UPLOAD, &[]).payload(payload).progress(progress).on_flight(&told);
        if let Some((started, limit)) = until {
            call = call.since(started).within(Limit::Given(limit));
        }
        let file: File = match (self.shared.exit.call(call).await, &place) {
            (Ok(file), _) => file,
            (Err(error), place) if error.kind() == ErrorKind::OutcomeUnknown => match place {
                // What was not sent whole is no file.
                _ if meter.is_some_and(|meter| meter.sent() < meter.total) => return Err(error),
                Some(place) => place.recover(&claim, until_end, error).await?,
                None => return Err(untold(error)),
            },
            (Err(error), _) => return Err(error),
        };
        claim.got(&file.id);
        match file.size.zip(sent) {
            Some((size, sent)) if size != sent => {
                let text = format!(
                    "files.upload: {sent} bytes were sent, but the platform has {size} (file {}). Do not use that file; \
                     upload again.",
                    file.id
                );
                Err(Error::new(ErrorKind::Integrity, text).with("file_id", file.id))
            }
            _ => Ok(file),
        }
    }

    /// Finds files that the user may read by a part of their name. `GET /files/search`, scope `developer:files`,
    /// tier Standard.
    ///
    /// # Errors
    /// `InvalidInput` if the query is empty; what the pages raise comes from the pager.
    pub fn search(&self, options: SearchOptions) -> Result<Pager<FileHit>> {
        if options.query.is_empty() {
            return Err(Error::invalid("query", "`query` is empty. Give a part of a file's name."));
        }
        let mut query = vec![("query", options.query)];
        query.extend(page_size(options.page_size, 50)?);
        if let Some(id) = options.integration_id {
            routes::check_id("integration_id", &id)?;
            query.push(("integrationId", id));
        }
        Ok(Pager::new(self.shared.clone(), routes::SEARCH, query))
    }
}

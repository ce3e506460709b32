//! Files: upload and search.

use super::{File, FileHit, Pager, SearchOptions, UploadOptions, client::Shared, pager::page_size, routes};
use crate::{
    Error, ErrorKind, OnProgress, Result, Source,
    http::{Call, body::Payload},
    source,
};
use std::sync::Arc;

/// Files: upload and search.
#[derive(Clone)]
pub struct Files {
    shared: Arc<Shared>,
}

impl Files {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Uploads one file, streamed from where it is, in constant memory. `POST /files/upload`, scope
    /// `developer:files`, tier Heavy, 500 MB at most.
    ///
    /// # Errors
    /// `InvalidInput`, `LocalIo` and `TooLarge` before anything is sent; `SourceChanged` if the file changes
    /// meanwhile; `Integrity` if the platform has another size; `OutcomeUnknown` if the answer was lost: it is never
    /// sent a second time.
    pub async fn upload(&self, source: Source, options: UploadOptions, progress: Option<OnProgress>) -> Result<File> {
        if let Some(parent) = &options.parent_id {
            routes::check_id("parent_id", parent)?;
        }
        self.send(source::upload(source, &options)?, progress.as_ref()).await
    }

    /// Sends what was checked.
    pub(crate) async fn send(&self, payload: Payload, progress: Option<&OnProgress>) -> Result<File> {
        let sent = payload.meter().map(|meter| meter.total);
        let file: File =
            self.shared.exit.call(Call::new(routes::UPLOAD, &[]).payload(payload).progress(progress)).await?;
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

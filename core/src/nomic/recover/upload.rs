//! An upload whose answer was lost: its path tells it, if that was given and what was there before is known.

use super::{Search, left};
use crate::{
    Error, ErrorKind, Result,
    flow::reconcile::{Candidate, Look, SETTLE, Verdict},
    nomic::{File, FileHit, Files, SearchOptions, claims::Claim},
};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How many pages of files of one name are read at most.
const PAGES: usize = 5;
/// What the key may not do, an upload may not either.
const HOPELESS: [ErrorKind; 3] = [ErrorKind::Authentication, ErrorKind::PermissionDenied, ErrorKind::Closed];
const NEXT: &str = "Look for it with `files.search` before you upload it again";

/// A path, and what has it before an upload.
pub(crate) struct Place<'f> {
    files: &'f Files,
    path: &'f str,
    folder: Option<&'f str>,
    before: Vec<String>,
}

impl<'f> Place<'f> {
    /// `None` if it cannot be known what is there: then nothing could be told later.
    ///
    /// # Errors
    /// Those that the upload itself would meet, however long its file is.
    pub(crate) async fn look(
        files: &'f Files,
        path: &'f str,
        folder: Option<&'f str>,
        limit: Duration,
    ) -> Result<Option<Self>> {
        let until = Instant::now() + limit;
        let Ok(hits) = timeout_at(until, hits(files, path, folder, until)).await else { return Ok(None) };
        let before = match hits {
            Ok(Some(before)) => before.into_iter().map(|hit| hit.id).collect(),
            Err(error) if HOPELESS.contains(&error.kind()) => return Err(error),
            Ok(None) | Err(_) => return Ok(None),
        };
        Ok(Some(Self { files, path, folder, before }))
    }

    /// Finds the file.
    pub(crate) async fn recover(&self, claim: &Claim<String>, until: Option<Instant>, error: Error) -> Result<File> {
        claim.lost();
        let until = until.unwrap_or_else(|| Instant::now() + SETTLE);
        let mut search = Search::new(&self.files.shared, "files.upload", until);
        while search.goes_on().await {
            let hits = hits(self.files, self.path, self.folder, search.end);
            let Some(hits) = search.look(hits).await else { continue };
            let hits = hits.unwrap_or_default();
            let new = hits.iter().filter(|hit| !self.before.contains(&hit.id));
            let candidates = new.map(|hit| Candidate { id: hit.id.clone(), created_at: None }).collect::<Vec<_>>();
            let look = Look { at: claim.shelf.now(), server: None, candidates: &candidates };
            match claim.judge(&look, until).await {
                Verdict::Found(id) => {
                    if let Some(hit) = hits.into_iter().find(|hit| hit.id == id) {
                        search.found(None);
                        return Ok(recovered(hit));
                    }
                }
                Verdict::Undecidable(candidates) => return Err(search.undecided(error, candidates, NEXT)),
                Verdict::Absent | Verdict::Crowded => {}
            }
        }
        Err(search.in_vain(error, NEXT))
    }
}

/// The end of an upload without a path of its own cannot be known.
pub(crate) fn untold(error: Error) -> Error {
    super::advised(error, &format!("An upload with a `path` could have been looked for. {NEXT}"), Vec::new())
}

/// The files of this path; `None` if there are too many of its name to find them all.
async fn hits(files: &Files, path: &str, folder: Option<&str>, until: Instant) -> Result<Option<Vec<FileHit>>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut pager = files.search(SearchOptions::default().query(name).page_size(50u32))?;
    // Before it stands the root that the platform shows, if it shows one.
    let below = format!("/{path}");
    let mut hits = Vec::new();
    for _ in 0..PAGES {
        pager.limit = Some(left(until));
        let Some(page) = pager.next_page().await? else { return Ok(Some(hits)) };
        let here = |hit: &FileHit| hit.path.as_deref().is_some_and(|at| at == path || at.ends_with(&below));
        // Folders of the path's own lie between it and the folder that was named.
        let inside = |hit: &FileHit| {
            let its = hit.parent_id.as_deref();
            folder.is_none_or(|own| path.contains('/') || its.is_some_and(|its| its.eq_ignore_ascii_case(own)))
        };
        hits.extend(page.items.into_iter().filter(here).filter(inside));
    }
    Ok(None)
}

fn recovered(hit: FileHit) -> File {
    File {
        id: hit.id,
        name: hit.name,
        mime_type: hit.mime_type,
        size: None,
        file_type: None,
        parent_id: hit.parent_id,
        version_id: None,
        created_at: None,
        recovered: true,
        extra: hit.extra,
    }
}

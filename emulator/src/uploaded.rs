//! What an upload leaves on disk: written on a thread of its own while the next bytes come in.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::credentials::hex;
use crate::options::Options;

/// How many pieces may wait for the disk: more would only cost memory.
const AHEAD: usize = 4;

/// A file that is being written.
pub(crate) struct Incoming {
    pieces: mpsc::Sender<Bytes>,
    writer: JoinHandle<io::Result<Uploaded>>,
}

/// A file that was written; it is deleted unless it is kept.
pub(crate) struct Uploaded {
    content: Option<TempPath>,
    pub(crate) size: u64,
    pub(crate) sha256: Option<String>,
}

impl Incoming {
    pub(crate) fn start(folder: &Path, options: &Options) -> Self {
        let (pieces, mut waiting) = mpsc::channel::<Bytes>(AHEAD);
        let (folder, discard, hash) = (folder.to_owned(), options.discard_uploads, options.hash_uploads);
        let writer = spawn_blocking(move || {
            let mut file = if discard { None } else { Some(NamedTempFile::new_in(folder)?) };
            // A stored file is hashed when somebody asks for its hash: doing it here would halve the speed.
            let mut hash = (discard && hash).then(Sha256::new);
            let mut size = 0;
            while let Some(piece) = waiting.blocking_recv() {
                size += piece.len() as u64;
                if let Some(hash) = &mut hash {
                    hash.update(&piece);
                }
                if let Some(file) = &mut file {
                    file.write_all(&piece)?;
                }
            }
            let content = file.map(NamedTempFile::into_temp_path);
            Ok(Uploaded { content, size, sha256: hash.map(|hash| hex(&hash.finalize())) })
        });
        Self { pieces, writer }
    }

    /// Takes the next piece, once there is room for it.
    pub(crate) async fn write(&self, piece: Bytes) {
        // A writer that failed takes nothing more; its error comes out at the end.
        drop(self.pieces.send(piece).await);
    }

    pub(crate) async fn finish(self) -> io::Result<Uploaded> {
        drop(self.pieces);
        self.writer.await.map_err(io::Error::other)?
    }
}

impl Uploaded {
    /// Moves the content to its place.
    pub(crate) fn keep(self, place: &Path) -> io::Result<()> {
        match self.content {
            Some(content) => content.persist(place).map_err(Into::into),
            None => Ok(()),
        }
    }
}

/// The SHA-256 of a stored file.
pub(crate) fn sha256(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 256 << 10]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
}

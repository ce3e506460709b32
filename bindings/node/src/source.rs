//! What is given to be read. JavaScript describes it in JSON; bytes and readers go beside it, by their place.

use crate::{arguments::given, queue::Queue};
use bytes::Bytes;
use futures_util::{StreamExt, stream::once};
use napi::bindgen_prelude::Uint8Array;
use nomkit::{Attachments, Error, Image, Source};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

/// Something for an agent to read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Described {
    Path(PathBuf),
    File(String),
    /// Of the buffers, this one.
    Bytes {
        buffer: usize,
        name: String,
    },
    Stream(Stream),
}

/// What JavaScript reads.
#[derive(Deserialize)]
struct Stream {
    /// Of the call's readers, this one.
    reader: usize,
    name: String,
    size: Option<u64>,
    /// It can be read again from its start.
    again: bool,
    /// An open file that it would give, if nobody has read of it.
    file: Option<OpenFile>,
}

#[derive(Deserialize)]
#[cfg_attr(not(unix), allow(dead_code))]
struct OpenFile {
    descriptor: i32,
    /// Where it stands otherwise.
    position: Option<u64>,
}

/// A picture in a prompt.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Picture {
    Path(PathBuf),
    Bytes { buffer: usize, media_type: Option<String> },
}

#[derive(Deserialize)]
struct Attached {
    files: Vec<Described>,
    inputs: BTreeMap<String, Vec<Described>>,
    images: Vec<Picture>,
}

/// What goes beside the JSON of one call: its readers, and bytes that are few.
pub(crate) struct Beside<'q> {
    queue: &'q Queue,
    call: u32,
    buffers: Vec<Bytes>,
}

impl<'q> Beside<'q> {
    /// The buffers are copied: what JavaScript does to them later does not matter.
    pub(crate) fn new(queue: &'q Queue, call: u32, buffers: &[Uint8Array]) -> Self {
        Self { queue, call, buffers: buffers.iter().map(|buffer| Bytes::copy_from_slice(buffer)).collect() }
    }

    pub(crate) fn source(&self, described: &str) -> nomkit::Result<Source> {
        self.core(given(described)?)
    }

    pub(crate) fn attachments(&self, described: &str) -> nomkit::Result<Attachments> {
        let Attached { files, inputs, images } = given(described)?;
        let all = |sources: Vec<Described>| {
            sources.into_iter().map(|source| self.core(source)).collect::<nomkit::Result<Vec<_>>>()
        };
        let inputs = inputs.into_iter().map(|(slot, sources)| Ok((slot, all(sources)?)));
        Ok(Attachments {
            files: all(files)?,
            inputs: inputs.collect::<nomkit::Result<_>>()?,
            images: self.all(images)?,
        })
    }

    pub(crate) fn images(&self, described: &str) -> nomkit::Result<Vec<Image>> {
        self.all(given(described)?)
    }

    fn core(&self, described: Described) -> nomkit::Result<Source> {
        Ok(match described {
            Described::Path(path) => Source::Path(path),
            Described::File(id) => Source::File(id),
            Described::Bytes { buffer, name } => Source::bytes(self.buffer(buffer)?, name),
            Described::Stream(stream) => self.stream(stream)?,
        })
    }

    fn stream(&self, Stream { reader, name, size, again, file }: Stream) -> nomkit::Result<Source> {
        let blocks = self.queue.blocks(self.call, reader);
        match (file.and_then(|file| file.open(size)), size) {
            (Some((file, position)), _) => Ok(Source::open_file(file, position, name)),
            (None, Some(size)) if again => Ok(Source::repeatable(blocks, name, size)),
            (None, _) => Ok(Source::stream(once(async move { blocks() }).flatten(), name, size)),
        }
    }

    fn all(&self, pictures: Vec<Picture>) -> nomkit::Result<Vec<Image>> {
        let core = |picture| {
            Ok(match picture {
                Picture::Path(path) => Image::path(path),
                Picture::Bytes { buffer, media_type: None } => Image::bytes(self.buffer(buffer)?),
                Picture::Bytes { buffer, media_type: Some(media_type) } => {
                    Image::typed(self.buffer(buffer)?, &media_type)
                }
            })
        };
        pictures.into_iter().map(core).collect()
    }

    fn buffer(&self, place: usize) -> nomkit::Result<Bytes> {
        self.buffers.get(place).cloned().ok_or_else(|| Error::invalid("source", "Bytes are missing."))
    }
}

impl OpenFile {
    /// A duplicate, and where it stands, if it is a file that has `size` bytes from there on.
    #[cfg(unix)]
    fn open(&self, size: Option<u64>) -> Option<(std::fs::File, u64)> {
        use std::{io::Seek, os::fd::BorrowedFd};
        #[expect(
            unsafe_code,
            reason = "the stream that has the descriptor is not destroyed, and begins to close it in this thread only"
        )]
        let borrowed = unsafe { BorrowedFd::borrow_raw(self.descriptor) };
        let mut file = std::fs::File::from(borrowed.try_clone_to_owned().ok()?);
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file() && metadata.len() > 0)?;
        let position = self.position.or_else(|| file.stream_position().ok())?;
        let left = metadata.len().checked_sub(position)?;
        size.is_none_or(|size| size == left).then_some((file, position))
    }

    #[cfg(not(unix))]
    fn open(&self, _: Option<u64>) -> Option<(std::fs::File, u64)> {
        None
    }
}

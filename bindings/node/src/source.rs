//! What is given to be read. JavaScript describes it in JSON; bytes and readers go beside it, by their place.

use crate::{arguments::given, queue::Queue};
use bytes::Bytes;
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
    /// The next of the call's readers.
    Stream {
        name: String,
        size: Option<u64>,
    },
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

/// What goes beside the JSON of one call.
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
            Described::Stream { name, size } => Source::stream(self.queue.blocks(self.call), name, size),
        })
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

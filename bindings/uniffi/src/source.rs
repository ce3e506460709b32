//! What is given to be read.

use crate::feed::Feed;
use futures_util::{StreamExt, stream::once};
use nomkit::{Attachments, Image, Source};
use std::{collections::HashMap, sync::Arc};

/// Something for an agent to read.
#[derive(uniffi::Enum)]
pub enum GivenSource {
    Path {
        path: String,
    },
    File {
        id: String,
    },
    /// What is read outside: once, or, with `again`, as often as it is sent.
    Feed {
        feed: Arc<Feed>,
        name: String,
        size: Option<u64>,
        again: bool,
    },
}

impl From<GivenSource> for Source {
    fn from(given: GivenSource) -> Self {
        match given {
            GivenSource::Path { path } => Self::path(path),
            GivenSource::File { id } => Self::File(id),
            GivenSource::Feed { feed, name, size: Some(size), again: true } => {
                Self::repeatable(move || feed.blocks(), name, size)
            }
            GivenSource::Feed { feed, name, size, .. } => {
                Self::stream(once(async move { feed.blocks() }).flatten(), name, size)
            }
        }
    }
}

/// A picture in a prompt.
#[derive(uniffi::Enum)]
pub enum GivenImage {
    Path { path: String },
    Bytes { bytes: Vec<u8>, media_type: Option<String> },
}

impl From<GivenImage> for Image {
    fn from(given: GivenImage) -> Self {
        match given {
            GivenImage::Path { path } => Self::path(path),
            GivenImage::Bytes { bytes, media_type: None } => Self::bytes(bytes),
            GivenImage::Bytes { bytes, media_type: Some(media_type) } => Self::typed(bytes, media_type),
        }
    }
}

/// What a launch takes along.
#[derive(uniffi::Record)]
pub struct Given {
    pub files: Vec<GivenSource>,
    pub inputs: HashMap<String, Vec<GivenSource>>,
    pub images: Vec<GivenImage>,
}

impl Given {
    pub(crate) fn attachments(self) -> Attachments {
        let all = |given: Vec<GivenSource>| given.into_iter().map(Source::from).collect::<Vec<_>>();
        Attachments {
            files: all(self.files),
            inputs: self.inputs.into_iter().map(|(slot, given)| (slot, all(given))).collect(),
            images: images(self.images),
        }
    }
}

pub(crate) fn images(given: Vec<GivenImage>) -> Vec<Image> {
    given.into_iter().map(Image::from).collect()
}

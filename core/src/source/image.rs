//! Images beside a prompt: checked here, and written as base64 while they are sent.

use super::path::{self, fill};
use crate::{
    Error, ErrorKind, Result,
    http::{
        body::{Part, Payload},
        content::Content,
    },
    secret::shown,
};
use bytes::Bytes;
use std::path::PathBuf;

/// How many images one prompt may have.
pub const MAX_IMAGES: usize = 4;
/// The platform's limit for one image, read in its larger sense: 20 · 1024² bytes before encoding.
pub const MAX_IMAGE_SIZE: u64 = 20 * 1024 * 1024;

const TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/// An image beside a prompt: JPEG, PNG, WebP or GIF, 20 MB at most.
#[derive(Clone)]
pub struct Image {
    pixels: Pixels,
    media_type: Option<String>,
}

#[derive(Clone)]
enum Pixels {
    Path(PathBuf),
    Bytes(Bytes),
}

impl Image {
    /// A local file, read while it is sent.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self { pixels: Pixels::Path(path.into()), media_type: None }
    }

    /// Bytes in memory; they tell their type themselves.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { pixels: Pixels::Bytes(bytes.into()), media_type: None }
    }

    /// Bytes that are said to be of a type, such as `image/png`; it is checked that they are.
    pub fn typed(bytes: impl Into<Bytes>, media_type: impl Into<String>) -> Self {
        Self { media_type: Some(media_type.into()), ..Self::bytes(bytes) }
    }

    fn open(self, wrong: &dyn Fn(String) -> Error) -> Result<Picture> {
        let (content, start) = match self.pixels {
            Pixels::Bytes(bytes) => (Content::Bytes(bytes.clone()), bytes.slice(..bytes.len().min(16))),
            Pixels::Path(path) => {
                let (mut file, stamp) = path::open("images", &path)?;
                let mut start = vec![0; 16];
                let read = fill(&mut file, &mut start).map_err(|error| path::unreadable(&path, &error))?;
                start.truncate(read);
                (Content::File { path, stamp }, start.into())
            }
        };
        let size = content.len();
        if size == 0 {
            return Err(wrong("is empty".to_owned()));
        }
        if size > MAX_IMAGE_SIZE {
            let text = format!("has {size} bytes; the platform takes 20 MB ({MAX_IMAGE_SIZE} bytes) at most");
            return Err(wrong(text));
        }
        if start.starts_with(b"data:") {
            return Err(wrong("is the text of a `data:` URL. Give the image's own bytes".to_owned()));
        }
        let found = kind(&start).ok_or_else(|| wrong(format!("is none of {}, by its content", TYPES.join(", "))))?;
        match self.media_type {
            Some(said) if !said.eq_ignore_ascii_case(found) => {
                Err(wrong(format!("is {found} by its content, not `{}`", shown(&said))))
            }
            _ => Ok(Picture { media_type: found, content }),
        }
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.pixels {
            Pixels::Path(path) => write!(f, "Image({path:?})"),
            Pixels::Bytes(bytes) => write!(f, "Image({} bytes)", bytes.len()),
        }
    }
}

/// An image that was checked.
pub(crate) struct Picture {
    media_type: &'static str,
    content: Content,
}

/// Checks what can be checked here: how many, how large, of which type.
pub(crate) fn check(images: Vec<Image>) -> Result<Vec<Picture>> {
    if images.len() > MAX_IMAGES {
        let text = format!("`images` has {}; a prompt takes {MAX_IMAGES} at most.", images.len());
        return Err(Error::invalid("images", text));
    }
    let checked = images.into_iter().enumerate().map(|(at, image)| {
        let wrong = |what: String| Error::invalid("images", format!("`images[{at}]` {what}."));
        image.open(&wrong)
    });
    checked.collect()
}

fn kind(start: &[u8]) -> Option<&'static str> {
    let [jpeg, png, webp, gif] = TYPES;
    match start {
        [0xFF, 0xD8, 0xFF, ..] => Some(jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(webp),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(gif),
        _ => None,
    }
}

/// A JSON body whose last member is the prompt, with the images in it.
pub(crate) fn body(ask: &impl serde::Serialize, pictures: Vec<Picture>) -> Result<Payload> {
    let Payload::Json(text) = Payload::json(ask)? else { return Err(unprompted()) };
    if pictures.is_empty() {
        return Ok(Payload::Json(text));
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut before = text.strip_suffix("}}").ok_or_else(unprompted)?.to_owned() + ",\"images\":[{";
    let mut parts = Vec::new();
    for Picture { media_type, content } in pictures {
        before.push_str(&format!("\"media_type\":\"{media_type}\",\"data\":\""));
        parts.extend([Part::Text(std::mem::replace(&mut before, "\"},{".to_owned()).into()), Part::Base64(content)]);
    }
    parts.push(Part::Text("\"}]}}".into()));
    Ok(Payload::parts("application/json", parts))
}

fn unprompted() -> Error {
    Error::new(ErrorKind::Unexpected, "Images were to be sent without a prompt.")
}

/// How long a body may take beyond the rest of its call.
pub(crate) fn allowance(payload: &Payload) -> std::time::Duration {
    payload.meter().map_or_else(Default::default, |meter| std::time::Duration::from_secs(meter.total >> 14))
}

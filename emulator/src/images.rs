//! The images of a prompt: checked and counted, not looked at.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::credentials::hex;
use crate::validate::Checks;

const MOST: usize = 4;
const LARGEST: usize = 20 << 20;
const TYPES: &[&str] = &["image/jpeg", "image/png", "image/webp", "image/gif"];
/// How many letters of base64 are decoded at a time: whole groups of four.
const PIECE: usize = 64 << 10;

/// What is kept of an image.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) media_type: String,
    /// In bytes, decoded.
    pub(crate) size: usize,
    pub(crate) sha256: String,
}

/// An image's data after it was decoded and dropped, or what is wrong with it.
pub(crate) type Decoded = Result<Data, &'static str>;

#[derive(Debug)]
pub(crate) struct Data {
    /// What its first bytes say it is.
    kind: Option<&'static str>,
    size: usize,
    sha256: String,
}

/// Decodes an image's data, piece by piece.
pub(crate) fn decode(text: &str) -> Decoded {
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        return Err("Expected raw base64, not a data: URL");
    }
    let (mut kind, mut size, mut hash) = (None, 0, Sha256::new());
    let mut bytes = vec![0; PIECE / 4 * 3];
    let mut pieces = text.as_bytes().chunks(PIECE).peekable();
    while let Some(piece) = pieces.next() {
        let length = BASE64_STANDARD.decode_slice(piece, &mut bytes).map_err(|_| NOT_BASE64)?;
        let decoded = bytes.get(..length).unwrap_or_default();
        if pieces.peek().is_some() && length < bytes.len() {
            return Err(NOT_BASE64);
        }
        kind = if size == 0 { kind_of(decoded) } else { kind };
        size += length;
        if size > LARGEST {
            return Err("The image exceeds 20 MB");
        }
        hash.update(decoded);
    }
    if size == 0 { Err("The image is empty") } else { Ok(Data { kind, size, sha256: hex(&hash.finalize()) }) }
}

const NOT_BASE64: &str = "Expected raw base64";

fn kind_of(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ => None,
    }
}

/// The images of a prompt, whose data was decoded: its place in `decoded` stands instead of it.
pub(crate) fn check(checks: &mut Checks, images: Option<&Value>, decoded: &[Decoded]) -> Vec<Image> {
    let Some(images) = images.filter(|images| !images.is_null()) else { return Vec::new() };
    let path = [json!("prompt"), json!("images")];
    let Some(images) = images.as_array() else {
        checks.add(&path, "Expected an array of images");
        return Vec::new();
    };
    if images.len() > MOST {
        checks.add(&path, format!("Expected at most {MOST} images"));
    }
    let mut kept = Vec::new();
    for (index, image) in images.iter().take(MOST).enumerate() {
        let at = |member: &str| [json!("prompt"), json!("images"), json!(index), json!(member)];
        let said = image.get("media_type").and_then(Value::as_str).filter(|said| TYPES.contains(said));
        if said.is_none() {
            checks.add(&at("media_type"), format!("Expected one of: {}", TYPES.join(", ")));
        }
        let place = image.get("data").and_then(Value::as_u64).and_then(|place| usize::try_from(place).ok());
        match (place.and_then(|place| decoded.get(place)).unwrap_or(&Err(NOT_BASE64)), said) {
            (Err(problem), _) => checks.add(&at("data"), *problem),
            (Ok(Data { kind: None, .. }), _) => checks.add(&at("data"), "Expected a JPEG, PNG, WebP or GIF image"),
            (Ok(Data { kind: Some(kind), .. }), Some(said)) if *kind != said => {
                checks.add(&at("media_type"), format!("The data is {kind}"));
            }
            (Ok(data), Some(said)) => {
                kept.push(Image { media_type: said.to_owned(), size: data.size, sha256: data.sha256.clone() });
            }
            (Ok(_), None) => {}
        }
    }
    kept
}

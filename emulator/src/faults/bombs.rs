//! Compressed answers that are small on the wire and huge when they are decoded: the true body, and blanks after it, so
//! that what comes out is valid JSON. The compressed form of one block of blanks is sent again and again.

use std::io;

use flate2::{Compress, Compression, Crc, FlushCompress};
use http::header::{CONTENT_ENCODING, HeaderValue};
use serde::Deserialize;

use super::noise::{repeat, until_gone};
use super::scene::Answer;
use super::{After, Fault, Occasion};
use crate::problem::Problem;

/// An answer in a content coding that nobody asked for, of about so many bytes when it is decoded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bomb {
    #[serde(default)]
    encoding: Encoding,
    size: u64,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encoding {
    #[default]
    Gzip,
    Deflate,
    Br,
    Zstd,
}

/// What a block of blanks decodes to.
const BLOCK: usize = 1 << 20;

/// A compressed body: what comes once, what comes again and again, and what ends it.
struct Parts {
    start: Vec<u8>,
    block: Vec<u8>,
    end: Vec<u8>,
}

impl Fault for Bomb {
    fn check(&self) -> Result<(), Problem> {
        let some = self.size > 0;
        some.then_some(()).ok_or_else(|| Problem::issue("size", "Expected a number of bytes above 0"))
    }

    fn after(&self, mut answer: Answer, _: &Occasion<'_>) -> After {
        let (name, mut blocks) = (self.encoding.name(), self.size.div_ceil(BLOCK as u64));
        let parts = match self.encoding {
            Encoding::Gzip => gzip(&answer.body, blocks),
            Encoding::Deflate => zlib(&answer.body, blocks),
            Encoding::Br => {
                // The first block is part of the start.
                blocks -= 1;
                Ok(brotli(&answer.body))
            }
            Encoding::Zstd => Ok(zstd(&answer.body)),
        };
        let Ok(Parts { start, block, end }) = parts else { return After::Same(answer) };
        answer.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        let length = start.len() as u64 + block.len() as u64 * blocks + end.len() as u64;
        until_gone(answer.status, move |stage| {
            Box::pin(async move {
                stage.send(&answer.head(&format!("content-length: {length}\r\n"))).await?;
                stage.send(&start).await?;
                repeat(stage, &block, blocks, false).await?;
                stage.answer(&end).await
            })
        })
    }
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Br => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// Deflate without a frame. After a full flush nothing refers to what was before, so that a block can come again.
fn deflate(body: &[u8]) -> io::Result<Parts> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut flushed = |content: &[u8], flush| {
        let mut out = Vec::with_capacity(content.len() / 2 + 4096);
        compress.compress_vec(content, &mut out, flush).map(|_| out).map_err(io::Error::other)
    };
    Ok(Parts {
        start: flushed(body, FlushCompress::Full)?,
        block: flushed(&vec![b' '; BLOCK], FlushCompress::Full)?,
        end: flushed(&[], FlushCompress::Finish)?,
    })
}

fn gzip(body: &[u8], blocks: u64) -> io::Result<Parts> {
    let mut parts = deflate(body)?;
    parts.start.splice(0..0, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    let (mut sum, mut block) = (Crc::new(), Crc::new());
    sum.update(body);
    block.update(&vec![b' '; BLOCK]);
    for _ in 0..blocks {
        sum.combine(&block);
    }
    parts.end.extend_from_slice(&sum.sum().to_le_bytes());
    parts.end.extend_from_slice(&sum.amount().to_le_bytes());
    Ok(parts)
}

fn zlib(body: &[u8], blocks: u64) -> io::Result<Parts> {
    let mut parts = deflate(body)?;
    parts.start.splice(0..0, [0x78, 0x9c]);
    const MODULUS: u128 = 65_521;
    let (mut low, mut high) = (1, 0);
    for byte in body {
        low = (low + u128::from(*byte)) % MODULUS;
        high = (high + low) % MODULUS;
    }
    // The same for all blanks at once.
    let (count, blank) = (u128::from(blocks) * BLOCK as u128, u128::from(b' '));
    high = (high + count * low + blank * (count * (count + 1) / 2)) % MODULUS;
    low = (low + count * blank) % MODULUS;
    let sum = u32::try_from(high << 16 | low).map_err(io::Error::other)?;
    parts.end.extend_from_slice(&sum.to_be_bytes());
    Ok(parts)
}

/// The body uncompressed, then what a brotli encoder made of a block of blanks: the first one, and all later ones.
fn brotli(body: &[u8]) -> Parts {
    const FIRST: &[u8] = &[0xfa, 0xff, 0x7f, 0x00, 0x24, 0x40, 0xe2, 0xb1, 0x40, 0x72, 0xef, 0x1f, 0x0c];
    const LATER: &[u8] = &[0xfa, 0xff, 0x7f, 0x00, 0x24, 0x00, 0xe2, 0xb0, 0x00, 0x74, 0xef, 0x1f, 0x0c];
    let mut start = Vec::new();
    for (index, piece) in body.chunks(1 << 16).enumerate() {
        // A meta-block: 4 bits of the stream's head (a window of 4 MiB) before the first, not the last, the length in 16
        // bits, uncompressed.
        let shift = if index == 0 { 4 } else { 0 };
        let head = ((piece.len() as u32 - 1) << 3 | 1 << 19) << shift | if index == 0 { 0xb } else { 0 };
        start.extend(head.to_le_bytes().iter().take(3));
        start.extend_from_slice(piece);
    }
    start.extend_from_slice(FIRST);
    Parts { start, block: LATER.to_vec(), end: vec![0x03] }
}

/// Raw blocks for the body, and blocks that are one byte repeated.
fn zstd(body: &[u8]) -> Parts {
    const LARGEST: usize = 128 << 10;
    let head = |kind: u32, size: usize| (kind << 1 | (size as u32) << 3).to_le_bytes();
    // No checksum, no size, a window of 1 MiB.
    let mut start = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    for piece in body.chunks(LARGEST) {
        start.extend(head(0, piece.len()).iter().take(3));
        start.extend_from_slice(piece);
    }
    let mut block = head(1, LARGEST).get(..3).unwrap_or_default().to_vec();
    block.push(b' ');
    Parts { start, block: block.repeat(BLOCK / LARGEST), end: vec![1, 0, 0] }
}

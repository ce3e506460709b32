//! A JSON body, read while it comes in, so that images are never in memory all at once: each is decoded when its text
//! is complete, and dropped.

use std::fmt;
use std::io::{self, Read};

use axum::body::Body;
use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use http_body::Body as _;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::images::{self, Decoded};
use crate::problem::{Issue, Problem};

/// How many pieces may wait to be parsed.
const AHEAD: usize = 2;
/// A body that says to be no larger is read whole: that is no work for a thread of its own.
const SMALL: u64 = 16 << 10;
/// How much of a body is read on after it proved wrong, so that the connection can be used again.
const SPARE: usize = 1 << 20;

/// A body that is a JSON object.
#[derive(Debug)]
pub(crate) struct Json {
    /// Instead of an image's data stands its place in `images`.
    pub(crate) object: Map<String, Value>,
    pub(crate) images: Vec<Decoded>,
}

/// Reads a body of up to `limit` bytes.
pub(crate) async fn json(body: Body, limit: u64) -> Result<Json, Problem> {
    let size = body.size_hint().upper().unwrap_or(u64::MAX);
    if size <= SMALL.min(limit) {
        let body = axum::body::to_bytes(body, usize::MAX).await.map_err(broke_off)?;
        return parse(body.reader());
    }
    let (pieces, waiting) = mpsc::channel::<Bytes>(AHEAD);
    let parser = spawn_blocking(move || parse(Pieces { waiting, piece: Bytes::new() }));
    let mut frames = body.into_data_stream();
    let (mut size, mut spare) = (0, SPARE);
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(broke_off)?;
        size += frame.len() as u64;
        if size > limit {
            return Err(Problem::too_large(format!("The body exceeds {limit} bytes")));
        }
        let length = frame.len();
        if pieces.send(frame).await.is_err() {
            let Some(rest) = spare.checked_sub(length) else { break };
            spare = rest;
        }
    }
    drop(pieces);
    parser.await.map_err(Problem::internal)?
}

fn broke_off(error: axum::Error) -> Problem {
    Problem::bad_request(format!("The body broke off: {error}"))
}

fn parse(input: impl Read) -> Result<Json, Problem> {
    let mut images = Vec::new();
    let mut parser = serde_json::Deserializer::from_reader(input);
    let value = Reader { place: Place::Body, images: &mut images }.deserialize(&mut parser);
    match value.and_then(|value| parser.end().map(|()| value)) {
        Ok(Value::Object(object)) => Ok(Json { object, images }),
        Ok(_) => Err(Problem::invalid(vec![Issue { path: Vec::new(), message: "Expected a JSON object".to_owned() }])),
        Err(error) => Err(Problem::bad_request(format!("The body is not JSON: {error}"))),
    }
}

/// The pieces of a body as one stream.
struct Pieces {
    waiting: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.waiting.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.split_to(length).copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

/// Where in the body a value stands, as far as images are concerned.
#[derive(Clone, Copy)]
enum Place {
    Body,
    Prompt,
    Images,
    Image,
    Data,
    Elsewhere,
}

impl Place {
    fn member(self, name: &str) -> Self {
        match (self, name) {
            (Self::Body, "prompt") => Self::Prompt,
            (Self::Prompt, "images") => Self::Images,
            (Self::Image, "data") => Self::Data,
            _ => Self::Elsewhere,
        }
    }

    fn item(self) -> Self {
        if matches!(self, Self::Images) { Self::Image } else { Self::Elsewhere }
    }
}

/// Reads any JSON value; an image's data becomes its place in `images`, or null if it is no text.
struct Reader<'a> {
    place: Place,
    images: &'a mut Vec<Decoded>,
}

impl Reader<'_> {
    fn other(&self, value: Value) -> Value {
        if matches!(self.place, Place::Data) { Value::Null } else { value }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(self.other(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(self.other(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(self.other(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(self.other(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        if matches!(self.place, Place::Data) {
            self.images.push(images::decode(value));
            return Ok((self.images.len() - 1).into());
        }
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Reader { place: self.place.item(), images: self.images })? {
            all.push(item);
        }
        Ok(self.other(all.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let reader = Reader { place: self.place.member(&name), images: self.images };
            all.insert(name, members.next_value_seed(reader)?);
        }
        Ok(self.other(all.into()))
    }
}

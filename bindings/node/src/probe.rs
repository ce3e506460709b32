//! Panics when it is told to, at the places where a bug of ours might. Only tests build it.

// Panicking is what it is for.
#![allow(clippy::panic)]

use crate::{
    queue::{Item, Queue},
    value::{now, told},
};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

/// A call that goes wrong: in the core, while its value is converted, before it is made, or with words of no sense.
#[napi(catch_unwind)]
pub(crate) fn probe(place: String, queue: &Queue, call: u32) {
    match place.as_str() {
        "core" => queue.run::<String>(call, async { panic!("probed") }),
        "value" => queue.make(call, async { Ok(()) }, |()| panic!("probed")),
        "words" => queue.make(call, async { Ok(()) }, |()| Ok(Item::Text("{".to_owned()))),
        _ => panic!("probed"),
    }
}

/// What needs no waiting, and goes wrong.
#[napi(catch_unwind)]
pub(crate) fn probe_now() -> Either<bool, String> {
    now(|| panic!("probed"))
}

/// A property that goes wrong.
#[napi(catch_unwind)]
pub(crate) fn probe_told() -> String {
    told(|| panic!("probed"))
}

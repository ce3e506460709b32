//! What JavaScript passes: JSON text. No value of an argument is ever quoted back: it may be a key, in the wrong place.

use nomkit::{
    Error, ErrorKind,
    record::{expected, misfit},
};
use serde::de::DeserializeOwned;

/// Options, or a record that came from JavaScript.
pub(crate) fn given<T: DeserializeOwned>(text: &str) -> nomkit::Result<T> {
    let json = serde_json::from_str(text).map_err(|_| Error::new(ErrorKind::InvalidInput, "An argument is wrong."))?;
    T::deserialize(&json).map_err(|_| match misfit::<T>(&json) {
        Some(name) => Error::invalid(name, format!("`{name}` should be {}.", expected::<T>(name))),
        None => Error::new(ErrorKind::InvalidInput, "An argument is wrong."),
    })
}

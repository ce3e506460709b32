//! What Python code passes. No value of an argument is ever quoted back: it may be a key, in the wrong place.

use crate::value::raise;
use nomkit::{
    Error, ErrorKind, Json, JsonMap,
    record::{camel, expected, misfit},
};
use pyo3::{prelude::*, types::*};
use serde::de::DeserializeOwned;

/// Deeper than any argument is; a list may hold itself.
const DEPTH: usize = 64;

/// Options from keyword arguments: a dict of snake_case names, whose `None`s count as left out.
pub(crate) struct Options<T>(pub(crate) T);

/// Why a Python object is no argument.
pub(crate) enum Unfit {
    /// Its type has no counterpart.
    Type,
    Because(&'static str),
    Raised(PyErr),
}

impl<T: DeserializeOwned> FromPyObject<'_, '_> for Options<T> {
    type Error = PyErr;
    fn extract(dict: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let dict = dict.cast::<PyDict>()?;
        let mut options = JsonMap::new();
        for (name, value) in dict.iter().filter(|(_, value)| !value.is_none()) {
            let name = name.extract::<String>()?;
            let json = from_py(&value).map_err(|unfit| unfit.option::<T>(&name, &value))?;
            options.insert(camel(&name), json);
        }
        let options = Json::Object(options);
        T::deserialize(&options).map(Self).map_err(|_| {
            let wrong =
                |(name, _): &(Bound<'_, PyAny>, _)| misfit::<T>(&options) == name.extract().ok().map(camel).as_deref();
            match dict.iter().find(wrong) {
                Some((name, value)) => Unfit::Type.option::<T>(&name.to_string(), &value),
                None => raise(dict.py(), &Error::new(ErrorKind::InvalidInput, "An argument is wrong.")),
            }
        })
    }
}

/// A whole record that came from Python.
pub(crate) fn record<T: DeserializeOwned>(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    let unfit = match from_py(value) {
        Ok(json) => match serde_json::from_value(json) {
            Ok(record) => return Ok(record),
            Err(_) => Unfit::Because("is not as the platform gave it."),
        },
        Err(unfit) => unfit,
    };
    Err(unfit.of(argument, value, "what the platform gave"))
}

fn from_py(value: &Bound<'_, PyAny>) -> Result<Json, Unfit> {
    nested(value, 0)
}

fn nested(value: &Bound<'_, PyAny>, depth: usize) -> Result<Json, Unfit> {
    if depth > DEPTH {
        return Err(Unfit::Because("is nested more than 64 levels deep, or holds itself."));
    }
    Ok(match value {
        v if v.is_none() => Json::Null,
        v if v.is_instance_of::<PyBool>() => v.is_truthy().map_err(Unfit::Raised)?.into(),
        v if v.is_instance_of::<PyInt>() => match (v.extract::<i64>(), v.extract::<u64>()) {
            (Ok(int), _) => int.into(),
            (_, Ok(int)) => int.into(),
            _ => return Err(Unfit::Because("is a number of more than 64 bits.")),
        },
        v if v.is_instance_of::<PyFloat>() => {
            let number = serde_json::Number::from_f64(v.extract::<f64>().map_err(Unfit::Raised)?);
            let text = "is not a finite number. For a wait without end write None.";
            number.ok_or(Unfit::Because(text))?.into()
        }
        v if v.is_instance_of::<PyString>() => string(v)?.into(),
        v => match v.cast::<PyDict>() {
            Ok(dict) => {
                let entries = dict.iter().map(|(key, value)| match key.is_instance_of::<PyString>() {
                    true => Ok((string(&key)?, nested(&value, depth + 1)?)),
                    false => Err(Unfit::Because("has a key that is not text.")),
                });
                Json::Object(entries.collect::<Result<_, _>>()?)
            }
            Err(_) => {
                let items = v.try_iter().map_err(|_| Unfit::Type)?;
                let items = items.map(|item| nested(&item.map_err(Unfit::Raised)?, depth + 1));
                Json::Array(items.collect::<Result<_, _>>()?)
            }
        },
    })
}

fn string(value: &Bound<'_, PyAny>) -> Result<String, Unfit> {
    value
        .extract::<String>()
        .map_err(|_| Unfit::Because("holds half a character (a lone surrogate); it cannot be sent."))
}

impl Unfit {
    fn option<T: DeserializeOwned>(self, name: &str, value: &Bound<'_, PyAny>) -> PyErr {
        self.of(name, value, expected::<T>(&camel(name)))
    }

    fn of(self, argument: &str, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
        let text = match self {
            Self::Raised(error) => return error,
            Self::Because(text) => format!("`{argument}` {text}"),
            Self::Type => {
                let given = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
                format!("`{argument}` should be {expected}; what is given is a `{given}`, or holds something else.")
            }
        };
        raise(value.py(), &Error::invalid(argument, text))
    }
}

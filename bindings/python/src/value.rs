//! A core value becomes an object of the class that the package has for its name.

use nomkit::{
    Error, ErrorInfo, Json, JsonMap, Timestamp,
    record::{Expose, Value},
};
use pyo3::{prelude::*, sync::PyOnceLock, types::*};

/// Any exposed value as a Python object.
pub(crate) fn to_py<'py, T: Expose + ?Sized>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyAny>> {
    build(py, value.value())
}

/// A core error as the exception whose class has its code.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let exception = py
        .import("nomkit._error")
        .and_then(|module| module.getattr("from_native"))
        .and_then(|from_native| from_native.call1((fields(py, error.info())?,)));
    match exception {
        Ok(exception) => PyErr::from_value(exception),
        Err(broken) => broken,
    }
}

fn build<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(b) => PyBool::new(py, b).to_owned().into_any(),
        Value::Int(i) => i.into_pyobject(py)?.into_any(),
        Value::Float(f) => PyFloat::new(py, f).into_any(),
        Value::Text(s) => PyString::new(py, s).into_any(),
        Value::Time(t) => instant(py, t)?,
        Value::Json(j) => json(py, j)?,
        Value::Extra(map) => object(py, map)?,
        Value::Error(error) => raise(py, error).into_value(py).into_bound(py).into_any(),
        Value::Word(words, word) => class(py, words.name)?.call1((word,))?,
        Value::List(items) => tuple(py, items)?.into_any(),
        Value::Record(shape, fields) => class(py, shape.name)?.call1(tuple(py, fields)?)?,
    })
}

fn tuple<'py>(py: Python<'py>, values: Vec<Value<'_>>) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, values.into_iter().map(|value| build(py, value)).collect::<PyResult<Vec<_>>>()?)
}

fn fields<'py>(py: Python<'py>, info: &ErrorInfo) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    if let Value::Record(shape, values) = info.value() {
        for (field, value) in shape.fields.iter().zip(values) {
            // The class of an open enum stays out of errors, so that they need nothing to be unpickled.
            let value = match value {
                Value::Word(_, word) => PyString::new(py, word).into_any(),
                value => build(py, value)?,
            };
            dict.set_item(field.name, value)?;
        }
    }
    Ok(dict)
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static RECORDS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    if let Some(records) = RECORDS.get(py) {
        return records.bind(py).getattr(name);
    }
    // Not within the lock: an import may let other threads run, and a child that one of them forks would wait for ever.
    let records = py.import("nomkit.records")?;
    let _ = RECORDS.set(py, records.clone().unbind());
    records.getattr(name)
}

/// Fills the cells that times are made with.
pub(crate) fn fill_datetime(py: Python<'_>) -> PyResult<()> {
    datetime(py, 0.0).map(drop)
}

fn instant(py: Python<'_>, t: Timestamp) -> PyResult<Bound<'_, PyAny>> {
    datetime(py, t.as_microsecond() as f64 / 1e6)
}

fn datetime(py: Python<'_>, seconds: f64) -> PyResult<Bound<'_, PyAny>> {
    let utc = PyTzInfo::utc(py)?.to_owned();
    Ok(PyDateTime::from_timestamp(py, seconds, Some(&utc))?.into_any())
}

fn json<'py>(py: Python<'py>, value: &Json) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Json::Null => py.None().into_bound(py),
        Json::Bool(b) => PyBool::new(py, *b).to_owned().into_any(),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => i.into_pyobject(py)?.into_any(),
            (None, Some(u)) => u.into_pyobject(py)?.into_any(),
            (None, None) => n.as_f64().into_pyobject(py)?.into_any(),
        },
        Json::String(s) => PyString::new(py, s).into_any(),
        Json::Array(items) => {
            PyList::new(py, items.iter().map(|item| json(py, item)).collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        Json::Object(map) => object(py, map)?,
    })
}

fn object<'py>(py: Python<'py>, map: &JsonMap) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (key, value) in map {
        dict.set_item(key, json(py, value)?)?;
    }
    Ok(dict.into_any())
}

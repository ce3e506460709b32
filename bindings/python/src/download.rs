use crate::value::{from_py, raise};
use nomkit::{Artifact, Error, ErrorKind};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Writes an artifact into a folder and gives the file's path.
#[pyfunction]
pub(crate) fn download(py: Python<'_>, artifact: &Bound<'_, PyAny>, folder: PathBuf) -> PyResult<PathBuf> {
    let artifact = serde_json::from_value::<Artifact>(from_py(artifact)?)
        .map_err(|error| raise(py, &Error::new(ErrorKind::InvalidInput, format!("This is no artifact: {error}."))))?;
    py.detach(|| artifact.download(folder)).map_err(|error| raise(py, &error))
}

use crate::{arguments::record, value::raise};
use nomkit::Artifact;
use pyo3::prelude::*;
use std::path::PathBuf;

/// Writes an artifact into a folder and gives the file's path.
#[pyfunction]
pub(crate) fn download(py: Python<'_>, artifact: &Bound<'_, PyAny>, folder: PathBuf) -> PyResult<PathBuf> {
    let artifact = record::<Artifact>("artifact", artifact)?;
    py.detach(|| artifact.download(folder)).map_err(|error| raise(py, &error))
}

use bytes::Bytes;
use pyo3::{prelude::*, pybacked::PyBackedBytes};
use std::path::PathBuf;

/// Something for an agent to read.
#[pyclass(frozen)]
pub struct Source(pub(crate) nomkit::Source);

#[pymethods]
impl Source {
    #[staticmethod]
    fn path(path: PathBuf) -> Self {
        Self(nomkit::Source::path(path))
    }

    /// The bytes are not copied: the Python object lives as long as the upload.
    #[staticmethod]
    fn bytes(bytes: PyBackedBytes, name: String) -> Self {
        Self(nomkit::Source::bytes(Bytes::from_owner(bytes), name))
    }

    #[staticmethod]
    fn file(id: String) -> Self {
        Self(nomkit::Source::File(id))
    }
}

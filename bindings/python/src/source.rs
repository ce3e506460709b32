use bytes::Bytes;
use pyo3::{prelude::*, pybacked::PyBackedBytes};
use std::path::PathBuf;

/// Something for an agent to read.
#[pyclass(frozen)]
pub struct Source(pub(crate) nomkit::Source);

/// The core's own, in their order.
pub(crate) fn all(files: &[Bound<'_, Source>]) -> Vec<nomkit::Source> {
    files.iter().map(|file| file.get().0.clone()).collect()
}

#[pymethods]
impl Source {
    #[staticmethod]
    fn path(path: PathBuf) -> Self {
        Self(nomkit::Source::path(path))
    }

    /// The bytes are not copied: the Python object lives as long as the upload. Their name is among its options.
    #[staticmethod]
    fn bytes(bytes: PyBackedBytes) -> Self {
        Self(nomkit::Source::bytes(Bytes::from_owner(bytes), ""))
    }

    #[staticmethod]
    fn file(id: String) -> Self {
        Self(nomkit::Source::File(id))
    }
}

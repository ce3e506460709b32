//! What a launch is given besides its options.

use crate::source::{Readers, Source};
use bytes::Bytes;
use pyo3::{prelude::*, pybacked::PyBackedBytes};
use std::{collections::BTreeMap, path::PathBuf};

/// A picture in a prompt.
#[pyclass(frozen)]
pub struct Image(pub(crate) nomkit::Image);

#[pymethods]
impl Image {
    #[staticmethod]
    fn path(path: PathBuf) -> Self {
        Self(nomkit::Image::path(path))
    }

    #[staticmethod]
    fn bytes(bytes: PyBackedBytes) -> Self {
        Self(nomkit::Image::bytes(Bytes::from_owner(bytes)))
    }

    #[staticmethod]
    fn typed(bytes: PyBackedBytes, media_type: &str) -> Self {
        Self(nomkit::Image::typed(Bytes::from_owner(bytes), media_type))
    }
}

/// As Python gives them: a dict.
#[derive(FromPyObject)]
pub(crate) struct Attachments<'py> {
    #[pyo3(item)]
    files: Vec<Bound<'py, Source>>,
    #[pyo3(item)]
    inputs: BTreeMap<String, Vec<Bound<'py, Source>>>,
    #[pyo3(item)]
    images: Vec<Bound<'py, Image>>,
}

impl Attachments<'_> {
    pub(crate) fn core(self, py: Python<'_>) -> (nomkit::Attachments, Readers) {
        let mut readers = Readers::default();
        let mut all = |sources: Vec<Bound<'_, Source>>| {
            sources.iter().map(|source| source.get().core(py, &mut readers)).collect::<Vec<_>>()
        };
        let files = all(self.files);
        let inputs = self.inputs.into_iter().map(|(slot, sources)| (slot, all(sources))).collect();
        (nomkit::Attachments { files, inputs, images: images(&self.images) }, readers)
    }
}

/// The core's own.
pub(crate) fn images(images: &[Bound<'_, Image>]) -> Vec<nomkit::Image> {
    images.iter().map(|image| image.get().0.clone()).collect()
}

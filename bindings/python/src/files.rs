use crate::{arguments::Options, listener::Listener, pages::FilePages, pending::Pending, source::Source, value::raise};
use nomkit::{Nomic, SearchOptions, UploadOptions};
use pyo3::prelude::*;

/// Files.
#[pyclass(frozen)]
pub struct Files(Nomic);

impl Files {
    pub(crate) fn new(nomic: Nomic) -> Self {
        Self(nomic)
    }
}

#[pymethods]
impl Files {
    fn upload(&self, source: &Source, options: Options<UploadOptions>, progress: Option<Py<PyAny>>) -> Pending {
        let (files, source, listener) = (self.0.files(), source.0.clone(), Listener::new(progress));
        let told = Listener::of(listener.as_ref());
        Pending::new(&self.0, async move { files.upload(source, options.0, told).await }).listening(listener)
    }

    fn search(&self, py: Python<'_>, options: Options<SearchOptions>) -> PyResult<FilePages> {
        let pager = self.0.files().search(options.0).map_err(|error| raise(py, &error))?;
        Ok(FilePages::new(self.0.clone(), pager))
    }
}

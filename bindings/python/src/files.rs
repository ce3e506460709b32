use crate::{
    arguments::Options,
    listener::Listener,
    pages::FilePages,
    pending::Pending,
    source::{Readers, Source},
    told::Nomic,
    value::raise,
};
use nomkit::{FolderOptions, SearchOptions, UploadOptions};
use pyo3::prelude::*;
use std::path::PathBuf;

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
    fn upload(
        &self,
        py: Python<'_>,
        source: &Source,
        options: Options<UploadOptions>,
        progress: Option<Py<PyAny>>,
    ) -> Pending {
        let (files, mut readers, listener) = (self.0.files(), Readers::default(), Listener::new(progress));
        let (source, told) = (source.core(py, &mut readers), Listener::of(listener.as_ref()));
        let upload = async move { files.upload(source, options.0, told).await };
        Pending::new(&self.0, upload).listening(listener).reading(readers)
    }

    fn upload_folder(&self, folder: PathBuf, options: Options<FolderOptions>, progress: Option<Py<PyAny>>) -> Pending {
        let (files, listener) = (self.0.files(), Listener::new(progress));
        let told = Listener::of(listener.as_ref());
        let upload = async move { files.upload_folder(folder, options.0, told).await };
        Pending::new(&self.0, upload).listening(listener)
    }

    fn search(&self, py: Python<'_>, options: Options<SearchOptions>) -> PyResult<FilePages> {
        let pager = self.0.files().search(options.0).map_err(|error| raise(py, &error))?;
        Ok(FilePages::new(self.0.clone(), pager))
    }
}

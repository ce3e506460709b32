use crate::{
    call::{CancelHandle, Failure, now},
    pages::FilePages,
    source::GivenSource,
    told::Told,
};
use nomkit::{File, Files, FolderOptions, SearchOptions, UploadOptions, UploadOutcome};
use std::sync::Arc;

/// Files.
#[derive(uniffi::Object)]
pub struct FilesBridge(pub(crate) Files);

#[uniffi::export]
impl FilesBridge {
    pub fn search(&self, options: SearchOptions) -> Result<Arc<FilePages>, Failure> {
        now(|| self.0.search(options).map(FilePages::new))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl FilesBridge {
    pub async fn upload(
        &self,
        source: GivenSource,
        options: UploadOptions,
        told: Option<Arc<Told>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<File, Failure> {
        let (files, listener) = (self.0.clone(), Told::listener(told));
        cancel.run(async move { files.upload(source.into(), options, listener).await }).await
    }

    pub async fn upload_folder(
        &self,
        folder: String,
        options: FolderOptions,
        told: Option<Arc<Told>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Vec<UploadOutcome>, Failure> {
        let (files, listener) = (self.0.clone(), Told::listener(told));
        cancel.run(async move { files.upload_folder(folder.into(), options, listener).await }).await
    }
}

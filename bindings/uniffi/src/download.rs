use crate::call::{CancelHandle, Failure};
use nomkit::{Artifact, runtime::apart};
use std::sync::Arc;

/// Writes an artifact into a folder and gives the file's path.
#[uniffi::export(async_runtime = "tokio")]
pub async fn download(artifact: Artifact, folder: String, cancel: Arc<CancelHandle>) -> Result<String, Failure> {
    let path = cancel.run(async move { apart(move || artifact.download(folder)).await? }).await?;
    Ok(path.to_string_lossy().into_owned())
}

use crate::{arguments::given, queue::Queue};
use napi_derive::napi;
use nomkit::{Artifact, runtime::apart};

/// Writes an artifact into a folder and gives the file's path.
#[napi(catch_unwind)]
pub(crate) fn download(artifact: String, folder: String, queue: &Queue, call: u32) {
    queue.run(call, async move {
        let artifact = given::<Artifact>(&artifact)?;
        let path = apart(move || artifact.download(folder)).await??;
        Ok(path.to_string_lossy().into_owned())
    });
}

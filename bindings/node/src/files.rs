use crate::{arguments::given, pages::FilePages, queue::Queue, source::Beside, value::now};
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;
use nomkit::Nomic;

/// Files.
#[napi]
pub struct Files(Nomic);

impl Files {
    pub(crate) fn new(nomic: Nomic) -> Self {
        Self(nomic)
    }
}

#[napi]
impl Files {
    #[napi(catch_unwind)]
    pub fn upload(
        &self,
        source: String,
        buffers: Vec<Uint8Array>,
        options: String,
        listening: bool,
        queue: &Queue,
        call: u32,
    ) {
        let (files, listener) = (self.0.files(), queue.listener(call, listening));
        let source = Beside::new(queue, call, &buffers).source(&source);
        queue.run(call, async move { files.upload(source?, given(&options)?, listener).await });
    }

    #[napi(catch_unwind)]
    pub fn upload_folder(&self, folder: String, options: String, listening: bool, queue: &Queue, call: u32) {
        let (files, listener) = (self.0.files(), queue.listener(call, listening));
        queue.run(call, async move { files.upload_folder(folder.into(), given(&options)?, listener).await });
    }

    #[napi(catch_unwind)]
    pub fn search(&self, options: String) -> Either<FilePages, String> {
        now(|| self.0.files().search(given(&options)?).map(FilePages::new))
    }
}

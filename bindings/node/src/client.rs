use crate::{agents::Agents, arguments::given, files::Files, value::now, workflows::Workflows};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use nomkit::Nomic;

/// The client.
#[napi]
pub struct Client(Nomic);

/// A client, or the error as text.
#[napi(catch_unwind)]
pub(crate) fn client(options: String) -> Either<Client, String> {
    now(|| Nomic::new(given(&options)?).map(Client))
}

#[napi]
impl Client {
    #[napi(catch_unwind)]
    pub fn files(&self) -> Files {
        Files::new(self.0.clone())
    }

    #[napi(catch_unwind)]
    pub fn agents(&self) -> Agents {
        Agents::new(self.0.clone())
    }

    #[napi(catch_unwind)]
    pub fn workflows(&self) -> Workflows {
        Workflows::new(self.0.clone())
    }

    /// What it is, without its key.
    #[napi(catch_unwind)]
    pub fn describe(&self) -> String {
        format!("{:?}", self.0)
    }

    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.0.close();
    }
}

use crate::queue::Queue;
use napi_derive::napi;
use nomkit::{Agent, FileHit, Pager, Workflow};
use std::sync::Arc;
use tokio::sync::Mutex;

macro_rules! pages {
    ($($name:ident of $item:ty;)*) => { $(
        /// A list, read page by page.
        #[napi]
        pub struct $name(Arc<Mutex<Pager<$item>>>);

        impl $name {
            pub(crate) fn new(pager: Pager<$item>) -> Self {
                Self(Arc::new(Mutex::new(pager)))
            }
        }

        #[napi]
        impl $name {
            #[napi(catch_unwind)]
            pub fn next_page(&self, queue: &Queue, call: u32) {
                let pager = self.0.clone();
                queue.run(call, async move { pager.lock().await.next_page().await });
            }
        }
    )* };
}

pages! {
    FilePages of FileHit;
    AgentPages of Agent;
    WorkflowPages of Workflow;
}

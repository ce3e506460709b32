use crate::call::{CancelHandle, Failure};
use nomkit::{Agent, FileHit, Page, Pager, Workflow};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Uniffi has no generics: a list and its page for each record.
macro_rules! pages {
    ($($pages:ident, $page:ident of $item:ty;)*) => { $(
        /// One page of a list.
        #[derive(uniffi::Record)]
        pub struct $page {
            pub items: Vec<$item>,
            pub total_count: Option<u64>,
        }

        impl From<Page<$item>> for $page {
            fn from(page: Page<$item>) -> Self {
                Self { items: page.items, total_count: page.total_count }
            }
        }

        /// A list, read page by page.
        #[derive(uniffi::Object)]
        pub struct $pages(Arc<Mutex<Pager<$item>>>);

        impl $pages {
            pub(crate) fn new(pager: Pager<$item>) -> Arc<Self> {
                Arc::new(Self(Arc::new(Mutex::new(pager))))
            }
        }

        #[uniffi::export(async_runtime = "tokio")]
        impl $pages {
            pub async fn next_page(&self, cancel: Arc<CancelHandle>) -> Result<Option<$page>, Failure> {
                let pager = self.0.clone();
                let page = cancel.run(async move { pager.lock().await.next_page().await }).await?;
                Ok(page.map($page::from))
            }
        }
    )* };
}

pages! {
    FilePages, FilePage of FileHit;
    AgentPages, AgentPage of Agent;
    WorkflowPages, WorkflowPage of Workflow;
}

use crate::{pending::Pending, told::Nomic, turnstile::Turnstile};
use nomkit::{Agent, FileHit, Pager, Workflow};
use pyo3::prelude::*;
use std::sync::Arc;

macro_rules! pages {
    ($($name:ident of $item:ty;)*) => { $(
        /// A list, read page by page.
        #[pyclass(frozen)]
        pub struct $name {
            nomic: Nomic,
            pager: Arc<Turnstile<Pager<$item>>>,
        }

        impl $name {
            pub(crate) fn new(nomic: Nomic, pager: Pager<$item>) -> Self {
                Self { nomic, pager: Arc::new(Turnstile::new(pager)) }
            }
        }

        #[pymethods]
        impl $name {
            fn next_page(&self) -> Pending {
                let pager = self.pager.clone();
                Pending::new(&self.nomic, async move { pager.pass().await?.next_page().await })
            }
        }
    )* };
}

pages! {
    FilePages of FileHit;
    AgentPages of Agent;
    WorkflowPages of Workflow;
}

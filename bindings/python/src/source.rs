//! What is given to be read.

use crate::{
    bell::Line,
    feed::{Feed, Feeding},
};
use bytes::Bytes;
use pyo3::{prelude::*, pybacked::PyBackedBytes};
use std::{
    fs::File,
    io,
    os::fd::{BorrowedFd, RawFd},
    path::PathBuf,
    sync::{Arc, Weak},
};

/// Something for an agent to read.
#[pyclass(frozen)]
pub struct Source {
    source: nomkit::Source,
    feed: Option<Arc<Feed>>,
    sent: Option<Py<PyAny>>,
}

/// The Python objects that a call reads.
#[derive(Default)]
pub(crate) struct Readers {
    pub(crate) feeds: Vec<Arc<Feed>>,
    /// What is called when all of it was sent.
    pub(crate) sent: Vec<Py<PyAny>>,
}

impl Source {
    fn new(source: nomkit::Source) -> Self {
        Self { source, feed: None, sent: None }
    }

    /// The core's own.
    pub(crate) fn core(&self, py: Python<'_>, readers: &mut Readers) -> nomkit::Source {
        readers.feeds.extend(self.feed.clone());
        readers.sent.extend(self.sent.as_ref().map(|sent| sent.clone_ref(py)));
        self.source.clone()
    }
}

impl Readers {
    pub(crate) fn have_raised(&self) -> bool {
        self.feeds.iter().any(|feed| feed.has_raised())
    }

    /// Lets go of them, and gives what one raised.
    pub(crate) fn finish(&self) -> Option<PyErr> {
        self.feeds.iter().fold(None, |raised, feed| raised.or(feed.finish()))
    }

    /// From now on an event loop is asked for their blocks, which knows each by its place here.
    pub(crate) fn move_to(&self, line: &Weak<Line>, call: u64) -> Vec<(Py<PyAny>, Feeding)> {
        let moved =
            self.feeds.iter().enumerate().filter_map(|(place, feed)| {
                Some((feed.move_to(line.clone(), call, place)?, Feeding::new(feed.clone())))
            });
        moved.collect()
    }
}

#[pymethods]
impl Source {
    #[staticmethod]
    fn path(path: PathBuf) -> Self {
        Self::new(nomkit::Source::path(path))
    }

    #[staticmethod]
    fn file(id: String) -> Self {
        Self::new(nomkit::Source::File(id))
    }

    /// Bytes from `start` on. They are not copied: the Python object lives as long as the upload.
    #[staticmethod]
    #[pyo3(signature = (bytes, name="", start=0, sent=None))]
    fn bytes(bytes: PyBackedBytes, name: &str, start: usize, sent: Option<Py<PyAny>>) -> Self {
        let bytes = Bytes::from_owner(bytes);
        let start = start.min(bytes.len());
        Self { sent, ..Self::new(nomkit::Source::bytes(bytes.slice(start..), name)) }
    }

    /// An open file from `start` on. It is duplicated, and its own position stays where it is.
    #[staticmethod]
    fn open_file(descriptor: RawFd, name: &str, start: u64, sent: Py<PyAny>) -> io::Result<Self> {
        #[expect(unsafe_code, reason = "the caller's file object has the descriptor, and stays open in this function")]
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        let file = File::from(borrowed.try_clone_to_owned()?);
        Ok(Self { sent: Some(sent), ..Self::new(nomkit::Source::open_file(file, start, name)) })
    }

    /// What a Python callable gives block by block, and `None` at the end.
    #[staticmethod]
    #[pyo3(signature = (pull, name, size))]
    fn stream(pull: Py<PyAny>, name: &str, size: Option<u64>) -> Self {
        let feed = Feed::new(pull);
        let source = nomkit::Source::stream(feed.blocks(), name, size);
        Self { feed: Some(feed), ..Self::new(source) }
    }
}

//! One call at a time on what calls change. A child that is forked during a call inherits it locked for ever; there
//! it refuses instead.

use nomkit::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) struct Turnstile<T> {
    /// The process that last passed.
    process: AtomicU32,
    inner: Mutex<T>,
}

impl<T> Turnstile<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { process: AtomicU32::new(0), inner: Mutex::new(inner) }
    }

    pub(crate) async fn pass(&self) -> Result<MutexGuard<'_, T>> {
        let process = std::process::id();
        if let Ok(inner) = self.inner.try_lock() {
            self.process.store(process, Relaxed);
            return Ok(inner);
        }
        if self.process.load(Relaxed) != process {
            let text = "It was being read by another thread when this process was forked, so it cannot be read here. \
                        Make a new one.";
            return Err(Error::new(ErrorKind::Closed, text));
        }
        Ok(self.inner.lock().await)
    }
}

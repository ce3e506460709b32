//! The child process: caps itself, reads the document from standard input, answers on standard output.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::read::{Request, read};
use super::{Document, Limits, Unreadable};

/// Carries the [`Request`] as JSON, so that the command line stays the caller's.
pub(super) const REQUEST: &str = "NOMKIT_DOCUMENT";

/// Deeply nested documents recurse, and no other thread's stack is ours to choose.
pub(super) const STACK: usize = 64 << 20;

/// The main function of the child process that [`Worker::Program`](super::Worker::Program) names.
///
/// It reads one document from standard input, writes the outcome to standard output as JSON, and ends.
pub fn worker_main() -> ! {
    let code = match work() {
        Ok(()) => 0,
        Err(problem) => {
            // Standard error is read by the parent, which makes it part of what it reports.
            drop(writeln!(std::io::stderr(), "{problem}"));
            2
        }
    };
    std::process::exit(code)
}

fn work() -> Result<(), String> {
    let request = std::env::var(REQUEST)
        .map_err(|_| "this command reads one document for the emulator and is not called by hand".to_owned())?;
    let request: Request = serde_json::from_str(&request).map_err(|error| error.to_string())?;
    cap(request.limits).map_err(|error| format!("the limits cannot be set: {error}"))?;
    let outcome = guarded(move || read(std::io::stdin().lock(), &request))?;
    let mut stdout = std::io::stdout().lock();
    let answer = serde_json::to_vec(&outcome).map_err(|error| error.to_string())?;
    stdout.write_all(&answer).and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}

/// Runs `job` on a thread with room for recursion and turns its panic into [`Unreadable::Broken`].
fn guarded(
    job: impl FnOnce() -> Result<Document, Unreadable> + Send + 'static,
) -> Result<Result<Document, Unreadable>, String> {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || caught(job));
    let thread = thread.map_err(|error| format!("no thread could be started: {error}"))?;
    thread.join().map_err(|_| "the reader ended abnormally".to_owned())
}

/// Turns a panic of `job` into [`Unreadable::Broken`], or into the reason that it carries.
pub(super) fn caught(job: impl FnOnce() -> Result<Document, Unreadable>) -> Result<Document, Unreadable> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|payload| {
        let reason = payload.downcast::<Unreadable>().map(|reason| *reason);
        Err(reason.unwrap_or_else(|_| Unreadable::Broken("its structure makes no sense".to_owned())))
    })
}

#[cfg(unix)]
fn cap(limits: Limits) -> std::io::Result<()> {
    use rlimit::Resource;
    let seconds = limits.wall.as_secs().saturating_add(1);
    // The soft limit's signal comes first and tells the parent which limit it was.
    Resource::CPU.set(seconds, seconds.saturating_add(1))?;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::AS.set(limits.memory, limits.memory)
}

#[cfg(not(unix))]
fn cap(_: Limits) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_makes_the_document_broken() {
        let outcome = caught(|| panic!("an index is out of bounds"));
        assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{outcome:?}");
    }

    #[test]
    fn a_reason_unwound_with_is_kept() {
        let outcome = caught(|| std::panic::resume_unwind(Box::new(Unreadable::TooMuchMemory)));
        assert_eq!(outcome, Err(Unreadable::TooMuchMemory));
    }
}

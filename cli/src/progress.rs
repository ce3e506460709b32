//! Progress on a terminal; silence in a pipe.

use crate::output;
use indicatif::{ProgressBar, ProgressStyle};
use nomkit::Progress;
use std::time::Duration;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// A bar for uploads, a spinner for waits; both vanish when done.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Nothing is drawn where standard error is no terminal, or one that cannot move its cursor.
    pub(crate) fn new(shown: bool) -> Self {
        let bar = if shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
        // Nothing is drawn before there is something to tell.
        bar.finish_and_clear();
        Self(bar)
    }

    pub(crate) fn tell(&self, progress: &Progress) {
        match (progress.total, progress.phase.as_str()) {
            (Some(total), phase) => {
                self.0.set_length(total as u64);
                self.begin(phase, "{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
                self.0.set_position(progress.done as u64);
            }
            (None, "reading") => {
                self.begin("reading", "{spinner} {msg} {bytes}");
                self.0.set_position(progress.done as u64);
            }
            (None, "throttled") => self.wait(&format!("throttled, {:.0} s to go", progress.eta.unwrap_or_default())),
            (None, status) => self.wait(status),
        }
    }

    /// Something goes on, and nobody knows for how long.
    pub(crate) fn wait(&self, status: &str) {
        self.begin(status, "{spinner} {wide_msg} {elapsed}");
        self.0.enable_steady_tick(TURN);
    }

    /// Takes it off the screen, until there is more to tell.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }

    fn begin(&self, message: &str, template: &str) {
        // The cursor goes back to the line's beginning, so that the `^C` of the terminal stands where it is erased.
        let style = ProgressStyle::with_template(&format!(" {template}\r"));
        self.0.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.0.set_message(output::line(message).into_owned());
        // It is drawn by this already, and not as the library's own bar.
        if self.0.is_finished() {
            self.0.reset();
        }
    }
}

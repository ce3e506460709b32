//! Progress on a terminal; silence in a pipe.

use indicatif::{ProgressBar, ProgressStyle};
use nomkit::{OnProgress, Progress};
use std::{
    io::{IsTerminal, Write},
    sync::Arc,
};

/// A bar for uploads, a spinner for waits; both vanish when done.
pub(crate) fn bar() -> OnProgress {
    let bar = ProgressBar::no_length();
    let sending = style("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}");
    let waiting = style("{spinner} {msg}");
    Arc::new(move |progress: Progress| match progress.total {
        Some(total) => {
            bar.set_style(sending.clone());
            bar.set_length(total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(progress.phase);
        }
        None => {
            bar.set_style(waiting.clone());
            bar.set_message(format!("{} for {:.0} s", plain(&progress.phase), progress.done));
            bar.tick();
        }
    })
}

/// Text without what moves a cursor; line breaks and tabs stay.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || "\n\t".contains(*c)).collect()
}

/// One line beside the answer.
pub(crate) fn note(text: &str) {
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

//! One client for two agent platforms: upload, launch, wait, result, follow-up.
//!
//! ```no_run
//! # async fn example() -> nomkit::Result<()> {
//! use nomkit::{ClientOptions, LaunchOptions, Nomic, Source, WaitOptions};
//!
//! let nomic = Nomic::new(ClientOptions::default().domain("acme"))?; // the key: NOMIC_API_KEY
//! let launch = LaunchOptions::default().prompt("Summarize the inspection report");
//! let run = nomic.agents().launch(launch, vec![Source::path("report.pdf")], None).await?;
//! println!("{}", run.wait(WaitOptions::default(), None).await?.text);
//! # Ok(())
//! # }
//! ```
//!
//! What every language shares lives here. [`blocking`] is the same without `await`.

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

pub mod blocking;
mod config;
#[cfg(feature = "doctor")]
pub mod doctor;
pub mod error;
mod events;
mod flow;
#[doc(hidden)]
pub mod http;
pub mod nomic;
mod progress;
#[doc(hidden)]
pub mod record;
mod records;
#[doc(hidden)]
pub mod runtime;
mod scalar;
mod secret;
mod source;

pub use config::ClientOptions;
pub use error::{Error, ErrorInfo, ErrorKind, RequestOutcome, Result};
pub use events::{Event, EventKind, EventLevel, EventQueue};
pub use nomic::*;
pub use progress::{OnProgress, Progress};
#[doc(hidden)]
pub use records::{FIELDS, OPTIONS, RECORDS};
pub use scalar::{Json, JsonMap, Timestamp};
pub use secret::ApiKey;
pub use source::{Image, MAX_FILE_SIZE, MAX_IMAGE_SIZE, MAX_IMAGES, Source, Stream};

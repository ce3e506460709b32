//! What a client does, asked for from outside: no call waits for who listens.

use nomkit::{Event, EventQueue};

/// The events of one client. Its end ends them.
#[derive(uniffi::Object)]
pub struct Heard(pub(crate) EventQueue);

#[uniffi::export(async_runtime = "tokio")]
impl Heard {
    /// At least one event; none once the client is closed or gone. One asks at a time.
    pub async fn next(&self) -> Vec<Event> {
        self.0.next().await
    }
}

//! One world: an emulator, the way to it, and time of its own.

use std::sync::Arc;
use std::time::Duration;

use nomkit::{ClientOptions, Nomic};
use nomkit_emulator::{InMemory, Options, Timing};
use tokio::runtime::Builder;

use crate::wire::Wire;

/// What a simulation plays in.
pub(crate) struct World {
    pub(crate) emulator: Arc<InMemory>,
    pub(crate) wire: Wire,
}

impl World {
    /// Plays in a new world, on this thread. All chance in it comes from the seed, and no real time passes in it but what
    /// its work takes.
    pub(crate) fn play<T>(seed: u64, options: Options, play: impl AsyncFnOnce(&Arc<World>) -> T) -> T {
        fastrand::seed(seed);
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.unwrap_or_else(|error| broken(&error));
        runtime.block_on(async {
            let emulator = Arc::new(InMemory::new(options).unwrap_or_else(|error| broken(&error)));
            let wire = Wire::new(Arc::clone(&emulator));
            play(&Arc::new(World { emulator, wire })).await
        })
    }

    /// A new client.
    pub(crate) fn nomic(&self) -> Nomic {
        let options = ClientOptions::default().base_url(self.emulator.url()).api_key(self.emulator.api_key());
        Nomic::over(options, Arc::new(self.wire.clone())).unwrap_or_else(|error| broken(&error))
    }
}

/// A simulation that cannot be set up proves nothing, whatever it would report.
#[expect(clippy::panic, reason = "there is nobody to report to")]
pub(crate) fn broken(error: &dyn std::fmt::Display) -> ! {
    panic!("the simulation cannot go on: {error}")
}

/// Turns that wait and run so long.
pub(crate) fn timing(waiting: f64, running: f64) -> Timing {
    let [waiting, running] = [waiting, running].map(Duration::from_secs_f64);
    Timing { waiting, running, stopping: Duration::from_millis(200) }
}

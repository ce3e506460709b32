//! What all requests share.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::documents::Extractor;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::options::{Options, Timing};
use crate::persona::Persona;
use crate::rates::{Budget, Limiter};
use crate::store::Store;

pub(crate) struct App {
    pub(crate) options: Options,
    pub(crate) port: u16,
    pub(crate) credentials: Credentials,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) faults: Faults,
    pub(crate) extractor: Extractor,
    pub(crate) limiter: Limiter,
    pub(crate) budget: Budget,
    /// Whether agents answer at once, with what they were asked, and read nothing.
    pub(crate) echoes: bool,
    timing: Mutex<Timing>,
    persona: Mutex<Persona>,
    stopping: AtomicBool,
}

impl App {
    pub(crate) fn open(options: Options, port: u16) -> io::Result<Arc<Self>> {
        Self::new(options, port).map(Arc::new)
    }

    /// What an emulator in memory shares: the runtime's time, and a ledger that counts.
    pub(crate) fn in_memory(options: Options, port: u16) -> io::Result<Arc<Self>> {
        let app = Self::new(Options { data: None, ..options }, port)?;
        let (clock, ledger) = (Clock::of_runtime(), Arc::new(Ledger::counting()));
        Ok(Arc::new(Self { clock, ledger, echoes: true, ..app }))
    }

    fn new(options: Options, port: u16) -> io::Result<Self> {
        let store = Store::open(options.data.as_deref())?;
        let credentials = Credentials::load(options.data.as_deref())?;
        let clock = Clock::default();
        let first =
            store.with(|transaction| Ok(auth::remember(transaction, &credentials.api_key, auth::ALL, clock.now())?));
        first.map_err(|problem| io::Error::other(format!("{problem:?}")))?;
        Ok(Self {
            port,
            credentials,
            clock,
            store,
            ledger: Arc::default(),
            faults: Faults::default(),
            extractor: Extractor::new(options.worker.clone()),
            limiter: Limiter::new(options.rates),
            budget: Budget::default(),
            timing: Mutex::new(options.timing),
            persona: Mutex::new(options.persona),
            echoes: false,
            stopping: AtomicBool::new(false),
            options,
        })
    }

    /// From now on no work is kept: what a shutdown breaks off is done again after the restart.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub(crate) fn persona(&self) -> Persona {
        *self.persona.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_persona(&self, persona: Persona) {
        *self.persona.lock().unwrap_or_else(PoisonError::into_inner) = persona;
    }

    pub(crate) fn timing(&self) -> Timing {
        *self.timing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_timing(&self, timing: Timing) {
        *self.timing.lock().unwrap_or_else(PoisonError::into_inner) = timing;
    }
}

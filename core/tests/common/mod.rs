//! An emulator, a client of it, and the emulator's own view of what happened.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

pub mod child;
pub mod fleet;
pub mod raw;
pub mod scripted;
pub mod wire;

use nomkit::{ClientOptions, LaunchOptions, WaitOptions, blocking::Nomic};
use nomkit_emulator::{Emulator, Options, Timing};
use serde_json::{Value, json};
use std::time::Duration;

pub struct World {
    pub emulator: Emulator,
    pub nomic: Nomic,
}

impl World {
    /// Agents that are done almost at once.
    pub fn new() -> Self {
        Self::with(0.0, 0.05)
    }

    pub fn with(waiting: f64, running: f64) -> Self {
        let span = Duration::from_secs_f64;
        let timing = Timing { waiting: span(waiting), running: span(running), stopping: span(0.05) };
        let emulator = Emulator::start(Options { timing, ..Options::default() }).unwrap();
        let nomic = Nomic::new(options(&emulator)).unwrap();
        Self { emulator, nomic }
    }

    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_emulator/{path}", self.emulator.url());
        let token = self.emulator.token();
        let mut answer = match method {
            "GET" => ureq::get(url).header("x-emulator-token", token).call(),
            "PUT" => ureq::put(url).header("x-emulator-token", token).send(body.to_string()),
            _ => ureq::post(url).header("x-emulator-token", token).send(body.to_string()),
        }
        .unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap_or_default()
    }

    pub fn fault(&self, operation: &str, fault: &str, times: u32, mut parameters: Value) {
        parameters["operation"] = operation.into();
        parameters["fault"] = fault.into();
        parameters["times"] = times.into();
        self.control("POST", "faults", parameters);
    }

    pub fn ledger(&self) -> Value {
        self.control("GET", "ledger", json!(null))
    }

    /// How many requests of an operation the server received.
    pub fn requests(&self, operation: &str) -> usize {
        let ledger = self.ledger();
        let requests = ledger["requests"].as_array().unwrap();
        requests.iter().filter(|request| request["operation"] == operation).count()
    }

    pub fn files(&self) -> usize {
        self.ledger()["files"].as_array().unwrap().len()
    }

    pub fn agents(&self) -> usize {
        self.ledger()["agents"].as_array().unwrap().len()
    }
}

pub fn options(emulator: &Emulator) -> ClientOptions {
    ClientOptions::default().base_url(emulator.url()).api_key(emulator.api_key())
}

pub fn prompt(text: &str) -> LaunchOptions {
    LaunchOptions::default().prompt(text)
}

pub fn within(seconds: f64) -> WaitOptions {
    WaitOptions::default().timeout(seconds)
}

//! One emulator, and what a scenario does to it and asks of it.

use nomkit_emulator::{Emulator, Options, Rates};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a fault may take to be counted after the client has felt it.
const SETTLE: Duration = Duration::from_secs(20);

/// An emulator with the faults that were asked of it.
pub(crate) struct Stage {
    emulator: Emulator,
    agent: ureq::Agent,
    faults: Vec<(String, Value)>,
}

impl Stage {
    pub(crate) fn start(persona: &str) -> Result<Self, String> {
        Self::with(Options::default(), persona)
    }

    /// One without limits on how often it is asked.
    pub(crate) fn unlimited(persona: &str) -> Result<Self, String> {
        Self::with(Options { rates: Rates::off(), ..Options::default() }, persona)
    }

    fn with(options: Options, persona: &str) -> Result<Self, String> {
        let emulator = Emulator::start(options).map_err(|error| error.to_string())?;
        let config = ureq::Agent::config_builder().proxy(None).http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(10))).build().into();
        let stage = Self { emulator, agent, faults: Vec::new() };
        stage.control("persona", &json!({ "persona": persona }))?;
        Ok(stage)
    }

    /// What scenarios call `emulator`.
    pub(crate) fn facts(&self) -> Value {
        json!({ "url": self.emulator.url(), "api_key": self.emulator.api_key() })
    }

    pub(crate) fn api_key(&self) -> &str {
        self.emulator.api_key()
    }

    /// Sets one of the emulator's controls.
    pub(crate) fn control(&self, name: &str, value: &Value) -> Result<(), String> {
        self.put(name, value)?;
        if name == "clock" { self.commit_late() } else { Ok(()) }
    }

    /// A late commit's time begins when the emulator has noticed that its client left, and what a step of the clock makes
    /// due is done before the scenario goes on.
    fn commit_late(&self) -> Result<(), String> {
        let deadline = Instant::now() + SETTLE;
        for (id, fault) in self.faults.iter().filter(|(_, fault)| fault.get("fault") == Some(&json!("commit_delay"))) {
            let mut stepped = Instant::now();
            loop {
                let report = self.get(&format!("/faults/{id}"))?;
                let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
                if count("completed") >= count("hits") {
                    break;
                }
                if Instant::now() >= deadline {
                    return Err(format!("{fault} did not come with the clock"));
                }
                std::thread::sleep(Duration::from_millis(5));
                // Noticed after the step: its time goes from there.
                if stepped.elapsed() > SETTLE / 4 {
                    self.put("clock", &json!({ "advance": fault.get("seconds") }))?;
                    stepped = Instant::now();
                }
            }
        }
        Ok(())
    }

    fn put(&self, name: &str, value: &Value) -> Result<(), String> {
        let url = self.url(&format!("/{name}"));
        let request = self.agent.put(url).header("x-emulator-token", self.emulator.token());
        answer(&format!("PUT /{name}"), request.send_json(value)).map(drop)
    }

    /// A new workflow's id.
    pub(crate) fn workflow(&self, workflow: &Value) -> Result<Value, String> {
        self.post("/workflows", workflow)?.get("id").cloned().ok_or_else(|| "the emulator gave no id".to_owned())
    }

    pub(crate) fn fault(&mut self, fault: &Value) -> Result<(), String> {
        let made = self.post("/faults", fault)?;
        let id = made.get("id").and_then(Value::as_str).ok_or("the emulator gave no id for a fault")?;
        self.faults.push((id.to_owned(), fault.clone()));
        Ok(())
    }

    /// A new key with these scopes.
    pub(crate) fn key(&self, key: &Value) -> Result<String, String> {
        let made = self.post("/keys", key)?;
        let key = made.get("api_key").and_then(Value::as_str);
        key.map(str::to_owned).ok_or_else(|| "the emulator gave no key".to_owned())
    }

    /// Forgets everything, once every fault so far has struck.
    pub(crate) fn reset(&mut self) -> Result<(), String> {
        self.check_faults()?;
        self.faults.clear();
        self.post("/reset", &json!({})).map(drop)
    }

    pub(crate) fn ledger(&self) -> Result<Value, String> {
        self.get("/ledger")
    }

    /// A fault that never struck proves nothing.
    pub(crate) fn check_faults(&self) -> Result<(), String> {
        for (id, fault) in &self.faults {
            let times = fault.get("times").and_then(Value::as_u64).unwrap_or(1);
            let deadline = Instant::now() + SETTLE;
            loop {
                let report = self.get(&format!("/faults/{id}"))?;
                let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
                let (hits, completed) = (count("hits"), count("completed"));
                if completed == times {
                    break;
                }
                if hits < times || Instant::now() >= deadline {
                    return Err(format!(
                        "the fault {fault} was to strike {times} times; {hits} requests met it, {completed} felt it to the end"
                    ));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let request = self.agent.get(self.url(path)).header("x-emulator-token", self.emulator.token());
        answer(path, request.call())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(self.url(path)).header("x-emulator-token", self.emulator.token());
        answer(path, request.send_json(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_emulator{path}", self.emulator.url())
    }
}

type Response = ureq::http::Response<ureq::Body>;

fn answer(what: &str, response: Result<Response, ureq::Error>) -> Result<Value, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the emulator's {what}: {error}");
    let mut response = response.map_err(|error| failed(&error))?;
    let status = response.status();
    let body: Value = response.body_mut().with_config().limit(64 << 20).read_json().map_err(|error| failed(&error))?;
    if status.is_success() { Ok(body) } else { Err(failed(&format!("{status}: {body}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_never_struck_is_told() {
        let mut stage = Stage::start("plain").unwrap();
        stage.fault(&json!({ "operation": "GET /agents", "fault": "status", "status": 502, "times": 2 })).unwrap();
        for (met, green) in [(0, false), (1, false), (2, true)] {
            let checked = stage.check_faults();
            assert_eq!(checked.is_ok(), green, "{checked:?}");
            assert!(green || checked.unwrap_err().contains(&format!("2 times; {met} requests met it")));
            let _ = stage.agent.get(format!("{}/api/v0/agents", stage.emulator.url())).call();
        }
    }

    #[test]
    fn what_the_emulator_refuses_is_told() {
        let error =
            Stage::start("plain").unwrap().fault(&json!({ "operation": "GET /agents", "fault": "flood" })).unwrap_err();
        assert!(error.contains("lose_response"), "{error}");
    }
}

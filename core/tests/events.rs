//! What a program that collects with `tracing` hears of a client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, prompt, within};
use serde_json::json;
use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};
use tracing::{Metadata, Subscriber, field, span};

#[derive(Default)]
struct Collected(Mutex<Vec<String>>);

impl Subscriber for Collected {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.target() == "nomkit"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields(String);

impl field::Visit for Fields {
    fn record_debug(&mut self, field: &field::Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

#[test]
fn tracing_hears_each_request_by_level_and_no_word_of_what_was_asked() {
    let collected = Arc::new(Collected::default());
    tracing::subscriber::with_default(collected.clone(), || {
        let world = World::new();
        world.fault("GET /agents/{id}", "status", 1, json!({"status": 502}));
        let run = world.nomic.agents().launch(prompt("Where is the vault?"), vec![], None).unwrap();
        run.wait(within(30.0), None).unwrap();
    });
    let told = collected.0.lock().unwrap().join("\n");
    for part in [
        "DEBUG message=answered 201 kind=\"answered\" operation=\"agents.launch\"",
        "WARN message=failed: server (HTTP 502) kind=\"failed\" operation=\"agents.get\"",
        "INFO message=is sent again: server",
        "turn 1 is over: finished",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("vault") && !told.contains("npk_"), "{told}");
}

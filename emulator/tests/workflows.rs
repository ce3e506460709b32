//! Workflows are listed, launched by their rules, and work on what stands in their slots.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Client, INSTANT};
use nomkit_emulator::Options;
use serde_json::{Value, json};

const SOMEONE: &str = "019abc12-3456-7890-abcd-ef1234567890";

fn workflows(client: &Client) -> Vec<Value> {
    client.get("/workflows").data().as_array().unwrap().clone()
}

fn add(client: &Client, workflow: &Value) -> String {
    let answer = client.control("POST", "/workflows", workflow);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Launches and gives the finished agent.
fn run(client: &Client, body: &Value) -> Value {
    let answer = client.post("/agents", body);
    assert_eq!(answer.status, 201, "{answer:?}");
    client.until(&answer.data()["id"], "finished")
}

fn answer(client: &Client, agent: &Value) -> String {
    client.messages(&agent["id"]).last().unwrap()["text"].as_str().unwrap().to_owned()
}

fn paths(issues: &[Value]) -> Vec<Value> {
    issues.iter().map(|issue| issue["path"].clone()).collect()
}

#[test]
fn three_samples_ship_and_say_that_they_are_made_up() {
    let client = Client::start(INSTANT);
    let answer = client.get("/workflows").json();
    assert_eq!(answer["nextCursor"], Value::Null);
    let shipped = workflows(&client);
    let slots: Vec<usize> = shipped.iter().map(|one| one["requestedFiles"].as_array().unwrap().len()).collect();
    assert_eq!(slots, [0, 1, 3]);
    for workflow in &shipped {
        assert!(workflow["name"].as_str().unwrap().starts_with("Sample: "), "{workflow}");
        assert!(workflow["description"].as_str().unwrap().contains("made-up"), "{workflow}");
    }
    assert_eq!(
        shipped[2]["requestedFiles"][0],
        json!({ "name": "submittals", "description": "The submittals to review", "optional": false, "multiple": true })
    );
    client.control("POST", "/reset", &json!({}));
    assert_eq!(workflows(&client), shipped);
}

#[test]
fn they_come_in_pages_and_by_project() {
    let client = Client::start(INSTANT);
    let id = add(&client, &json!({ "name": "Own", "requestedFiles": [{ "name": "a" }], "projectId": SOMEONE }));
    let own = client.get(&format!("/workflows?projectId={SOMEONE}")).data();
    let slot = json!({ "name": "a", "description": "", "optional": false, "multiple": false });
    assert_eq!(own, json!([{ "id": id, "name": "Own", "description": null, "requestedFiles": [slot] }]));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/workflows?limit=3{cursor}")).json();
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, workflows(&client));
    assert_eq!(seen.len(), 4);
    for (query, member) in
        [("limit=0", "limit"), ("limit=101", "limit"), ("projectId=x", "projectId"), ("cursor=x", "cursor")]
    {
        assert_eq!(paths(&client.get(&format!("/workflows?{query}")).refused(400, "bad_request")), [json!([member])]);
    }
    assert_eq!(client.get("/workflows?limit=100").status, 200);
}

#[test]
fn they_need_the_scope_of_agents() {
    let mut client = Client::start(INSTANT);
    let narrow = client.control("POST", "/keys", &json!({ "scopes": ["developer:files"] })).json();
    client.key = narrow["api_key"].as_str().unwrap().to_owned();
    client.get("/workflows").refused(403, "forbidden");
}

#[test]
fn what_a_control_call_adds_is_checked() {
    let client = Client::start(INSTANT);
    for (body, member) in [
        (json!({}), json!(["name"])),
        (json!({ "name": "a", "description": 1 }), json!(["description"])),
        (json!({ "name": "a", "projectId": "x" }), json!(["projectId"])),
        (json!({ "name": "a", "requestedFiles": [{}] }), json!(["requestedFiles"])),
        (json!({ "name": "a", "requestedFiles": [{ "name": "a", "many": true }] }), json!(["requestedFiles"])),
        (
            json!({ "name": "a", "requestedFiles": [{ "name": "a" }, { "name": "a" }] }),
            json!(["requestedFiles", 1, "name"]),
        ),
    ] {
        let issues = client.control("POST", "/workflows", &body).refused(400, "bad_request");
        assert_eq!(paths(&issues), [member], "{body}");
    }
    assert_eq!(workflows(&client).len(), 3);
}

#[test]
fn launches_follow_the_rules() {
    let client = Client::start(INSTANT);
    let slots = json!([{ "name": "one" }, { "name": "more", "optional": true, "multiple": true }]);
    let slotted = add(&client, &json!({ "name": "Slots", "requestedFiles": slots }));
    let prompted = add(&client, &json!({ "name": "Prompt" }));
    let file = client.upload("a.txt", b"The pump leaks.");
    let image = json!({ "media_type": "image/gif", "data": "R0lGODlhAQABAAAAACw=" });
    let prompt = json!({ "text": "Hello" });
    for (body, issues) in [
        (json!({ "workflowId": slotted }), json!([["inputs", "one"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": [] } }), json!([["inputs", "one"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": [file, file] } }), json!([["inputs", "one"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": [file], "two": [file] } }), json!([["inputs", "two"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": file } }), json!([["inputs", "one"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": [SOMEONE] } }), json!([["inputs", "one", 0]])),
        (json!({ "workflowId": slotted, "inputs": [] }), json!([["inputs"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": [file] }, "fileIds": [file] }), json!([["fileIds"]])),
        (json!({ "workflowId": slotted, "inputs": { "one": [file] }, "prompt": prompt }), json!([["prompt"]])),
        (
            json!({ "workflowId": slotted, "inputs": { "one": [file] }, "prompt": { "text": "a", "images": [image] } }),
            json!([["prompt"], ["prompt", "images"]]),
        ),
        (json!({ "workflowId": slotted, "prompt": prompt }), json!([["inputs", "one"], ["prompt"]])),
        (json!({ "workflowId": prompted, "inputs": { "one": [file] } }), json!([["inputs", "one"]])),
        (json!({ "prompt": prompt, "inputs": { "one": [file] } }), json!([["inputs"]])),
        (
            json!({ "workflowId": slotted, "inputs": { "one": [file] }, "workflowInputs": { "one": [file] } }),
            json!([["workflowInputs"]]),
        ),
    ] {
        let found = client.post("/agents", &body).refused(400, "bad_request");
        assert_eq!(json!(paths(&found)), issues, "{body}");
    }
    client.post("/agents", &json!({ "workflowId": SOMEONE, "inputs": {} })).refused(404, "not_found");
    assert_eq!(client.ledger()["agents"], json!([]));

    for body in [
        json!({ "workflowId": slotted, "inputs": { "one": [file] }, "prompt": null }),
        json!({ "workflowId": slotted, "inputs": { "one": [file], "more": [file, file] } }),
        json!({ "workflowId": prompted }),
        json!({ "workflowId": prompted, "inputs": {} }),
        json!({ "workflowId": prompted, "prompt": { "text": "a", "images": [image] } }),
    ] {
        run(&client, &body);
    }
}

#[test]
fn inputs_have_another_name_unless_an_option_forbids_it() {
    for workflow_inputs in [true, false] {
        let client = Client::with(Options { timing: INSTANT, workflow_inputs, ..Options::default() });
        let file = client.upload("report.txt", b"The pump must be replaced.");
        let body = json!({ "workflowId": workflows(&client)[1]["id"], "workflowInputs": { "report": [file] } });
        if workflow_inputs {
            assert!(answer(&client, &run(&client, &body)).contains("The pump must be replaced."));
        } else {
            let issues = client.post("/agents", &body).refused(400, "bad_request");
            assert_eq!(paths(&issues), [json!(["workflowInputs"])]);
        }
    }
}

#[test]
fn the_answer_is_made_from_the_files_and_names_their_slots() {
    let client = Client::start(INSTANT);
    let workflow = workflows(&client)[2].clone();
    let pump = client.upload("pump.txt", b"The pump of the basement delivers 40 litres a minute.");
    let fan = client.upload("fan.txt", b"The fan of the garage runs at two speeds.");
    let rules = client.upload("rules.txt", b"Every pump shall deliver 60 litres a minute.");
    let inputs = json!({ "submittals": [pump, fan], "specification": [rules] });
    let agent = run(&client, &json!({ "workflowId": workflow["id"], "inputs": inputs }));
    assert_eq!(agent["workflowId"], workflow["id"]);
    let names: Vec<&str> =
        agent["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rules.txt", "pump.txt", "fan.txt"], "in the order of the slots' names");

    let asked = client.messages(&agent["id"])[0]["text"].clone();
    let expected =
        "Run the workflow “Sample: submittal review”; submittals: pump.txt, fan.txt; specification: rules.txt.";
    assert_eq!(asked, expected);
    let text = answer(&client, &agent);
    for part in [
        "The workflow “Sample: submittal review” on what it was given:",
        "\nsubmittals (pump.txt, fan.txt):\n",
        "“The pump of the basement delivers 40 litres a minute.” [pump.txt, p. 1]",
        "“The fan of the garage runs at two speeds.” [fan.txt, p. 1]",
        "\nspecification (rules.txt):\n",
        "“Every pump shall deliver 60 litres a minute.” [rules.txt, p. 1]",
        "\ncorrespondence: nothing was given.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let artifact = |index: usize| {
        let path = format!(
            "/agents/{}/artifacts/{}",
            agent["id"].as_str().unwrap(),
            agent["artifacts"][index]["id"].as_str().unwrap()
        );
        client.get(&path).data()
    };
    assert!(artifact(0)["content"].as_str().unwrap().contains("\n## specification\n"), "{}", artifact(0));
    assert_eq!(artifact(1)["rows"][2]["slot"], "specification");
    assert_eq!(artifact(1)["rows"][2]["no"], 3);

    let path = format!("/agents/{}/followup", agent["id"].as_str().unwrap());
    client.post(&path, &json!({ "prompt": { "text": "How much does the pump deliver?" } })).data();
    let agent = client.until(&agent["id"], "finished");
    let text = answer(&client, &agent);
    assert!(text.contains("40 litres") && text.contains("60 litres"), "{text}");
    let known = client.ledger()["agents"][0].clone();
    assert_eq!(known["inputs"], inputs);
    assert_eq!(known["workflow_id"], workflow["id"]);
    assert_eq!(known["turns"][0]["prompt"], Value::Null);
    assert_eq!(known["turns"][1]["prompt"], "How much does the pump deliver?");
}

#[test]
fn a_slot_whose_files_cannot_be_read_fails_the_turn() {
    let client = Client::start(INSTANT);
    let noise = client.upload("a.pdf", b"\x00\x01\x02");
    let body = json!({ "workflowId": workflows(&client)[1]["id"], "inputs": { "report": [noise] } });
    let id = client.post("/agents", &body).data()["id"].clone();
    client.until(&id, "failed");
    let text = client.messages(&id).last().unwrap()["text"].clone();
    assert!(text.as_str().unwrap().contains("a.pdf: the document is damaged"), "{text}");
}

#[test]
fn a_prompt_driven_workflow_works_on_its_prompt() {
    let client = Client::start(INSTANT);
    let workflow = workflows(&client)[0]["id"].clone();
    let notes = "We met on site. The gutter must be cleared by Friday. Lunch was good.";
    let agent = run(&client, &json!({ "workflowId": workflow, "prompt": { "text": notes } }));
    assert_eq!(client.messages(&agent["id"])[0]["text"], notes);
    let text = answer(&client, &agent);
    assert!(text.contains("- The gutter must be cleared by Friday. [prompt, p. 1]"), "{text}");
    assert!(!text.contains("Lunch"), "{text}");

    let path = format!("/agents/{}/followup", agent["id"].as_str().unwrap());
    client.post(&path, &json!({ "prompt": { "text": "What about lunch?" } })).data();
    let agent = client.until(&agent["id"], "finished");
    assert!(answer(&client, &agent).contains("“Lunch was good.” [prompt, p. 1]"), "{}", answer(&client, &agent));

    let silent = run(&client, &json!({ "workflowId": workflow }));
    assert!(answer(&client, &silent).contains("has no files and no prompt"), "{}", answer(&client, &silent));
}

#[test]
fn agents_are_listed_by_workflow() {
    let client = Client::start(INSTANT);
    let workflow = workflows(&client)[0]["id"].clone();
    let from = run(&client, &json!({ "workflowId": workflow }))["id"].clone();
    let simple = client.launch("Hello", &[])["id"].clone();
    let ids = |query: &str| -> Vec<Value> {
        let agents = client.get(&format!("/agents{query}")).data();
        agents.as_array().unwrap().iter().map(|agent| agent["id"].clone()).collect()
    };
    assert_eq!(ids(""), [simple.clone(), from.clone()]);
    assert_eq!(ids("?workflowId=null"), [simple]);
    assert_eq!(ids(&format!("?workflowId={}", workflow.as_str().unwrap())), [from]);
    assert_eq!(ids(&format!("?workflowId={SOMEONE}")), [] as [Value; 0]);
}

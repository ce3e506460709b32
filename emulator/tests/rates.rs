//! Limits: requests a minute, and money.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Answer, Client, INSTANT};
use nomkit_emulator::{Options, Rates};
use serde_json::{Value, json};

fn paced(rates: Rates) -> Client {
    let client = Client::paced(Options { timing: INSTANT, rates, ..Options::default() });
    hold(&client);
    client
}

/// Puts the clock to a time, from which it goes on: a test has to be quicker than the intervals that it looks at.
fn hold(client: &Client) {
    client.control("PUT", "/clock", &json!({ "now": "2030-01-01T00:00:00Z" }));
}

fn advance(client: &Client, seconds: f64) {
    client.control("PUT", "/clock", &json!({ "advance": seconds }));
}

fn header(answer: &Answer, name: &str) -> Option<i64> {
    let line = answer.headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.map(|value| value.parse().unwrap())
}

fn launch(client: &Client) -> Answer {
    client.post("/agents", &json!({ "prompt": { "text": "Hello" } }))
}

#[test]
fn a_tier_takes_its_burst_and_then_one_an_interval() {
    // One a minute: no machine is so slow that an interval passes by itself.
    let client = paced(Rates { heavy: 1, burst: Some(3), ..Rates::default() });
    for remaining in [2, 1, 0] {
        let answer = launch(&client);
        assert_eq!((answer.status, header(&answer, "x-ratelimit-remaining")), (201, Some(remaining)));
        assert_eq!(header(&answer, "x-ratelimit-limit"), Some(1));
        assert_eq!(header(&answer, "retry-after"), None);
    }
    let refused = launch(&client);
    refused.refused(429, "rate_limited");
    let wait = header(&refused, "retry-after").unwrap();
    assert!((30..=60).contains(&wait), "{wait}");
    assert_eq!(header(&refused, "x-ratelimit-remaining"), Some(0));
    // 2030-01-01, and three minutes until all of the burst is there again.
    let reset = header(&refused, "x-ratelimit-reset").unwrap() - 1_893_456_000;
    assert!((150..=181).contains(&reset), "{reset}");
    // An upload is of the same tier, a read is not.
    client.try_upload(&[("file", Some("a.txt"), b"a")]).unwrap().refused(429, "rate_limited");
    assert_eq!(client.get("/agents").status, 200);
    assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), 3);

    // A second too early is too early; the time that was said is right.
    let wait = header(&launch(&client), "retry-after").unwrap();
    advance(&client, f64::from(i32::try_from(wait).unwrap()));
    assert_eq!(launch(&client).status, 201);
    launch(&client).refused(429, "rate_limited");
    client.control("POST", "/reset", &json!({}));
    assert_eq!(launch(&client).status, 201);
}

#[test]
fn a_clock_that_is_put_back_leaves_no_debt() {
    for back in [30.0, 3600.0] {
        let client = paced(Rates { heavy: 1, burst: Some(3), ..Rates::default() });
        for _ in 0..3 {
            assert_eq!(launch(&client).status, 201);
        }
        advance(&client, -back);
        for remaining in [2, 1, 0] {
            let answer = launch(&client);
            assert_eq!((answer.status, header(&answer, "x-ratelimit-remaining")), (201, Some(remaining)), "{back}");
        }
        let wait = header(&launch(&client), "retry-after").unwrap();
        assert!((30..=60).contains(&wait), "{wait}");
    }
}

#[test]
fn a_second_less_than_said_is_too_early() {
    let client = paced(Rates { heavy: 1, burst: Some(1), ..Rates::default() });
    assert_eq!(launch(&client).status, 201);
    advance(&client, 20.0);
    let wait = header(&launch(&client), "retry-after").unwrap();
    assert!((20..=40).contains(&wait), "{wait}");
    advance(&client, f64::from(i32::try_from(wait).unwrap()) - 10.0);
    launch(&client).refused(429, "rate_limited");
}

#[test]
fn the_limits_are_the_documented_ones() {
    let client = Client::paced(Options { timing: INSTANT, ..Options::default() });
    let read = client.get("/agents");
    assert_eq!(header(&read, "x-ratelimit-limit"), Some(300));
    assert_eq!(header(&read, "x-ratelimit-remaining"), Some(299));
    assert_eq!(header(&launch(&client), "x-ratelimit-limit"), Some(30));
    let rates = client.control("GET", "/rates", &Value::Null).json();
    let documented = json!({ "enabled": true, "standard": 300, "write": 60, "heavy": 30, "search": 60, "burst": null });
    assert_eq!(rates, documented);
}

#[test]
fn a_refused_key_costs_nothing_and_says_nothing() {
    let mut client = paced(Rates { standard: 1, burst: Some(1), ..Rates::default() });
    let key = std::mem::replace(&mut client.key, "npk_wrong".to_owned());
    let refused = client.get("/agents");
    refused.refused(401, "unauthorized");
    assert_eq!(header(&refused, "x-ratelimit-limit"), None);
    client.key = key;
    assert_eq!(client.get("/agents").status, 200);
    // All keys of the user share the tier.
    client.key = client.control("POST", "/keys", &json!({ "scopes": ["developer"] })).json()["api_key"]
        .as_str()
        .unwrap()
        .to_owned();
    client.get("/agents").refused(429, "rate_limited");
}

#[test]
fn limits_are_changed_and_taken_away() {
    let client = paced(Rates { standard: 1, burst: Some(1), ..Rates::default() });
    assert_eq!(client.get("/agents").status, 200);
    client.get("/agents").refused(429, "rate_limited");
    let rates = client.control("PUT", "/rates", &json!({ "standard": 600, "burst": null })).json();
    assert_eq!((&rates["standard"], &rates["heavy"]), (&json!(600), &json!(30)));
    assert_eq!(header(&client.get("/agents"), "x-ratelimit-remaining"), Some(599));
    client.control("PUT", "/rates", &json!({ "enabled": false }));
    let free = client.get("/agents");
    assert_eq!(header(&free, "x-ratelimit-limit"), Some(60_000_000));
    assert_eq!(header(&free, "x-ratelimit-remaining"), Some(60_000_000));
    for (body, member) in [(json!({ "heavy": 0 }), "heavy"), (json!({ "speed": 1 }), "speed")] {
        let issues = client.control("PUT", "/rates", &body).refused(400, "bad_request");
        assert_eq!(issues[0]["path"], json!([member]));
    }
}

#[test]
fn a_spend_limit_stops_launches_and_follow_ups() {
    let client = Client::start(INSTANT);
    client.control("PUT", "/spend", &json!({ "limit": 1 }));
    client.post("/agents", &json!({})).refused(400, "bad_request");
    let id = launch(&client).data()["id"].clone();
    client.until(&id, "finished");
    let refused = launch(&client);
    refused.refused(429, "spend_limit_reached");
    assert_eq!(refused.json()["error"], "Spend limit reached");
    assert_eq!(header(&refused, "retry-after"), None);
    let follow_up = format!("/agents/{}/followup", id.as_str().unwrap());
    let body = json!({ "prompt": { "text": "Go on" } });
    client.post(&follow_up, &body).refused(429, "spend_limit_reached");
    client.control("PUT", "/spend", &json!({ "limit": null }));
    assert_eq!(client.post(&follow_up, &body).status, 202);
    client.control("PUT", "/spend", &json!({ "limit": "1" })).refused(400, "bad_request");
}

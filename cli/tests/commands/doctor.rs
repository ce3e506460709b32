//! `doctor`.

use crate::{
    tls::{Secure, proxy},
    world::{Ended, World, command, file, text},
};
use serde_json::{Value, json};
use std::process::Command;

const KEY: &str = "npk_0123456789abcdef";

/// What it found, and the exit code.
fn look(command: &mut Command) -> (Option<i32>, Vec<Value>) {
    let done = command.arg("--json").output().unwrap();
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    assert_eq!(err, "");
    assert!(!out.contains(KEY) && !out.contains("hunter2"));
    (done.status.code(), out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn find<'f>(findings: &'f [Value], check: &str) -> &'f Value {
    findings.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("no {check}: {findings:?}"))
}

fn state<'f>(findings: &'f [Value], check: &str) -> &'f str {
    find(findings, check)["state"].as_str().unwrap()
}

fn checks(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect()
}

/// `doctor` of a server behind TLS, with that file of authorities.
fn secure(port: u16, authorities: Option<&str>) -> Command {
    let mut doctor = command(&["doctor", "--base-url", &format!("https://localhost:{port}")]);
    doctor.env("NOMIC_API_KEY", KEY);
    if let Some(path) = authorities {
        doctor.args(["--ca-certs", path]);
    }
    doctor
}

#[test]
fn a_healthy_way_is_ok_from_end_to_end_and_costs_two_reads() {
    let world = World::new();
    let (code, findings) = look(&mut world.command(&["doctor"]));
    let all = ["configuration", "key", "proxy", "name", "connection", "clock", "files", "agents", "latency"];
    assert_eq!((code, checks(&findings).as_slice()), (Some(0), &all[..]));
    assert!(findings.iter().all(|finding| finding["state"] == "ok" && finding["advice"].is_null()), "{findings:?}");
    assert_eq!(find(&findings, "configuration")["details"]["from"], "NOMIC_BASE_URL");
    let key = find(&findings, "key")["details"]["key"].as_str().unwrap();
    assert_eq!(key, format!("npk_…{}", &world.emulator.api_key()[world.emulator.api_key().len() - 4..]));
    let requests = world.ledger()["requests"].clone();
    let paths = requests.as_array().unwrap().iter().map(|request| request["operation"].as_str().unwrap());
    assert_eq!(paths.collect::<Vec<_>>(), ["GET /files/search", "GET /agents"]);
    // For people: a row for each.
    let Ended { out, .. } = world.run(&["doctor"]);
    assert!(out.lines().count() == all.len() && out.lines().all(|line| line.starts_with("ok    ")), "{out}");
}

#[test]
fn a_configuration_that_lacks_something_is_2() {
    let (code, findings) = look(&mut command(&["doctor"]));
    assert_eq!((code, checks(&findings).as_slice()), (Some(2), &["configuration"][..]));
    assert_eq!(find(&findings, "configuration")["code"], "config");
}

#[test]
fn a_key_is_told_by_what_it_may_do() {
    let world = World::new();
    let with = |scopes: &[&str]| look(world.command(&["doctor"]).env("NOMIC_API_KEY", world.key(scopes)));
    let (code, findings) = with(&["developer:agent"]);
    assert_eq!((code, state(&findings, "files"), state(&findings, "agents")), (Some(0), "warn", "ok"));
    assert_eq!(find(&findings, "files")["details"]["scope"], "developer:files");
    assert!(find(&findings, "files")["advice"].as_str().unwrap().contains("`developer:files`"));
    let (code, findings) = with(&["admin"]);
    assert_eq!((code, state(&findings, "files"), state(&findings, "agents")), (Some(3), "fail", "fail"));
    let (code, findings) = look(world.command(&["doctor"]).env("NOMIC_API_KEY", "npk_emu_wrong"));
    assert_eq!((code, state(&findings, "access")), (Some(3), "fail"));
}

#[test]
fn a_clock_that_is_off_is_worth_a_word() {
    for (offset, words) in [(10_800.0, "3.0 h behind"), (-90.0, "s ahead"), (20.0, "agrees")] {
        let world = World::new();
        world.control("PUT", "clock", json!({ "offset": offset }));
        let (code, findings) = look(&mut world.command(&["doctor"]));
        let clock = find(&findings, "clock");
        assert_eq!((code, clock["state"] == "ok"), (Some(0), words == "agrees"), "{clock}");
        assert!(clock["message"].as_str().unwrap().contains(words), "{clock}");
        // The header says whole seconds, and a loaded machine takes its time.
        assert!((clock["details"]["ahead"].as_f64().unwrap() + offset).abs() < 15.0, "{clock}");
    }
}

#[test]
fn a_network_that_leads_nowhere_is_7() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, findings) = look(&mut secure(closed, None));
    assert_eq!((code, state(&findings, "name"), state(&findings, "connection")), (Some(7), "ok", "fail"));
    assert_eq!(checks(&findings).last(), Some(&"connection"));
    let mut nowhere = command(&["doctor", "--base-url", "https://platform.invalid"]);
    let (code, findings) = look(nowhere.env("NOMIC_API_KEY", KEY));
    assert_eq!((code, state(&findings, "name")), (Some(7), "fail"));
}

#[test]
fn certificates_are_shown_and_no_key_goes_where_they_are_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    for (name, until, given, why) in [
        ("localhost", 2090, false, "its authority is unknown here"),
        ("elsewhere.example", 2090, true, "it is for another name"),
        ("localhost", 2021, true, "it has expired"),
    ] {
        let server = Secure::new(name, until);
        let pem = file(&folder, "ca.pem", server.pem.as_bytes());
        let (code, findings) = look(&mut secure(server.port, given.then_some(pem.as_str())));
        let tls = find(&findings, "tls");
        assert_eq!(
            (code, tls["state"].as_str(), tls["details"]["trusted"].as_bool()),
            (Some(7), Some("fail"), Some(false))
        );
        assert!(tls["message"].as_str().unwrap().contains(why) && !tls["advice"].is_null(), "{tls}");
        let certificate = &find(&findings, "certificate")["details"];
        assert!(certificate["subject"].as_str().unwrap().contains("CN=Fictional Platform"), "{certificate}");
        assert!(certificate["expires"].as_str().unwrap().starts_with(&format!("{until}-01-01T")), "{certificate}");
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn a_trusted_server_is_asked_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let server = Secure::new("localhost", 2090);
    let pem = file(&folder, "ca.pem", server.pem.as_bytes());
    let (code, findings) = look(&mut secure(server.port, Some(&pem)));
    let tls = &find(&findings, "tls")["details"];
    assert_eq!((code, tls["version"].as_str()), (Some(0), Some("TLS 1.3")), "{findings:?}");
    assert!(tls["cipher"].as_str().unwrap().starts_with("TLS13_"), "{tls}");
    assert_eq!((server.requests(), state(&findings, "clock")), (2, "warn"));
    // The variable that the system's tools know does the same.
    let (code, findings) = look(secure(server.port, None).env("SSL_CERT_FILE", &pem));
    assert_eq!((code, state(&findings, "tls")), (Some(0), "ok"), "{findings:?}");
    let missing = look(secure(server.port, Some(&pem)).env("SSL_CERT_FILE", "/does/not/exist.pem")).1;
    assert_eq!(state(&missing, "authorities"), "warn");
}

#[test]
fn a_proxy_is_named_without_its_password_and_led_through() {
    let folder = tempfile::tempdir().unwrap();
    let server = Secure::new("platform.example", 2090);
    let pem = file(&folder, "ca.pem", server.pem.as_bytes());
    // user:hunter2
    let port = proxy(server.port, "Basic dXNlcjpodW50ZXIy");
    let through = |credentials: &str| {
        let mut doctor = command(&["doctor", "--base-url", "https://platform.example", "--ca-certs", &pem]);
        doctor.env("NOMIC_API_KEY", KEY).env("HTTPS_PROXY", format!("http://{credentials}127.0.0.1:{port}"));
        look(&mut doctor)
    };
    let (code, findings) = through("user:hunter2@");
    assert_eq!((code, state(&findings, "tunnel"), state(&findings, "agents")), (Some(0), "ok", "ok"), "{findings:?}");
    assert_eq!(find(&findings, "proxy")["message"], format!("127.0.0.1:{port}"));
    let (code, findings) = through("");
    assert_eq!((code, state(&findings, "tunnel")), (Some(7), "fail"));
    assert!(find(&findings, "tunnel")["message"].as_str().unwrap().contains("407"), "{findings:?}");
    let world = World::new();
    let mut near = world.command(&["doctor"]);
    let (code, findings) = look(near.env("HTTPS_PROXY", format!("http://127.0.0.1:{port}")));
    assert_eq!((code, find(&findings, "proxy")["message"].as_str()), (Some(0), Some("none (loopback never uses one)")));
}

//! C16 and C17: whatever a server sends, it takes at most 64 MiB over the base; each case in a process of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{
    child::{in_child, peak, resident},
    raw::Raw,
};
use nomkit::{ClientOptions, blocking::Nomic};

const MOST: usize = 64 << 20;

/// What comes before a repeated piece, the piece, and what comes after the last.
type Pattern = (&'static str, &'static str, &'static str, &'static str);

const PATTERNS: [Pattern; 16] = [
    ("text", r#"{"data":{"id":"x","type":"markdown","content":""#, "lorem ipsum dolor ", r#""}}"#),
    ("escapes", r#"{"data":{"messages":[{"type":"assistant","text":"\n"#, "lorem ipsum dolor ", r#""}]}}"#),
    ("halves", r#"{"data":{"messages":[{"type":"assistant","text":"\ud83d"#, "lorem ipsum dolor ", r#""}]}}"#),
    ("parts", r#"{"data":{"messages":[{"content":["\n"#, "lorem ipsum dolor ", r#""]}]}}"#),
    ("mistyped", r#"{"data":""#, "\u{ad}", r#""}"#),
    ("deleted", r#"{"data":{"messages":""#, "\u{7f}\u{7f}", r#""}}"#),
    ("no list", r#"{"data":""#, "\u{300}", r#""}"#),
    ("numbers", r#"{"data":{"id":"x","status":"running","n":["#, "0,", "0]}}"),
    ("empties", r#"{"data":{"id":"x","status":"running","n":["#, "{},[],", "0]}}"),
    ("lists", r#"{"data":{"id":"x","status":"running","n":["#, "[0],", "0]}}"),
    ("objects", r#"{"data":{"id":"x","status":"running","n":["#, r#"{"a":0},"#, "0]}}"),
    ("rows", r#"{"data":{"id":"x","type":"table","rows":["#, r#"{"a":1,"b":"two","c":null,"d":4.5},"#, "{}]}}"),
    ("cells", r#"{"data":{"id":"x","type":"table","rows":["#, r#"{"a":0},"#, "{}]}}"),
    ("messages", r#"{"data":{"messages":["#, r#"{"type":"user","text":"a"},"#, "{}]}}"),
    ("agents", r#"{"nextCursor":null,"data":["#, r#"{"id":"x","status":"running"},"#, r#"{"id":"y","status":"z"}]}"#),
    ("references", r#"{"data":{"id":"x","status":"running","artifacts":["#, r#"{"id":"a"},"#, r#"{"id":"b"}]}}"#),
];

/// The rule of core/src/http/weight.rs, for text without escapes.
fn weight(text: &str) -> usize {
    let (mut quoted, mut total) = (false, 4 * text.len());
    for byte in text.bytes() {
        quoted ^= byte == b'"';
        total += match byte {
            _ if quoted => 0,
            b'{' => 480,
            b'[' => 300,
            b',' => 80,
            b':' => 64,
            _ => 0,
        };
    }
    total
}

fn ask(nomic: &Nomic, case: &str) -> Result<(), nomkit::Error> {
    let agents = nomic.agents();
    match case {
        "text" | "rows" | "cells" => agents.artifact("x", "x").map(drop),
        "messages" | "escapes" | "halves" | "parts" | "mistyped" | "deleted" | "no list" => {
            agents.conversation("x").map(drop)
        }
        "agents" => agents.list(Default::default()).unwrap().next_page().map(drop),
        _ => agents.get("x").map(drop),
    }
}

fn measured(name: &str, case: &str, url: &str, code: fn(&str) -> Option<&str>) {
    in_child(name, &[("URL", url), ("CASE", case)], || {
        let options = ClientOptions::default().base_url(std::env::var("URL").unwrap()).api_key("npk_test");
        let nomic = Nomic::new(options.retries(0u32)).unwrap();
        let case = std::env::var("CASE").unwrap();
        let base = resident();
        let result = ask(&nomic, &case);
        let grown = peak() - base;
        assert_eq!(result.as_ref().err().map(|error| error.code.as_str()), code(&case), "{case}: {result:?}");
        eprintln!("{case}: {} MiB", grown >> 20);
        assert!(grown < MOST, "{case}: {} MiB", grown >> 20);
    });
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[test]
fn c16_answers_just_below_the_limit_fit() {
    for (case, before, piece, after) in PATTERNS {
        // The closing quote of the text is counted with what follows it.
        let quoted = before.matches('"').count() % 2 == 1;
        let one = if quoted { 4 * (piece.len() + piece.matches('\u{7f}').count()) } else { weight(piece) };
        let times = ((40 << 20) - weight(before) - weight(after) - 64) / one;
        let server = Raw::new(move |peer| {
            peer.request();
            let length = before.len() + times * piece.len() + after.len();
            peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{before}"));
            let block = piece.repeat(1000);
            (0..times / 1000).all(|_| peer.send(&block));
            peer.send(piece.repeat(times % 1000));
            peer.send(after);
            peer.hang();
        });
        // The test's child comes here with another case than its own.
        let code = |case: &str| matches!(case, "mistyped" | "deleted" | "no list").then_some("protocol");
        measured("c16_answers_just_below_the_limit_fit", case, &server.url, code);
    }
}

#[test]
fn c16_answers_without_end_are_refused() {
    for (case, before, piece, _) in PATTERNS {
        let server = Raw::new(move |peer| {
            peer.request();
            peer.send(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk(before)));
            let block = chunk(&piece.repeat(10_000));
            while peer.send(&block) {}
        });
        measured("c16_answers_without_end_are_refused", case, &server.url, |_| Some("protocol"));
    }
}

#[test]
fn c16_what_is_no_text_costs_no_more_than_text() {
    let server = Raw::new(|peer| {
        peer.request();
        let body = vec![0xFF; 9 << 20];
        peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()));
        peer.send(body);
        peer.hang();
    });
    measured("c16_what_is_no_text_costs_no_more_than_text", "bytes", &server.url, |_| Some("protocol"));
}

#[test]
fn c16_an_error_without_end_keeps_its_status() {
    let server = Raw::new(|peer| {
        peer.request();
        peer.send("HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n");
        let block = chunk(&"{\"error\":[".repeat(10_000));
        while peer.send(&block) {}
    });
    measured("c16_an_error_without_end_keeps_its_status", "403", &server.url, |_| Some("forbidden"));
}

#[test]
fn c17_what_is_compressed_is_not_unpacked() {
    for encoding in ["gzip", "br", "zstd", "deflate", "identity, gzip"] {
        let server = Raw::new(move |peer| {
            peer.request();
            // A megabyte that would be a gigabyte: which one does not matter, since nobody reads it.
            peer.send(format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: 1048576\r\n\r\n"));
            peer.send(vec![0x1f; 1 << 20]);
            peer.hang();
        });
        measured("c17_what_is_compressed_is_not_unpacked", encoding, &server.url, |_| Some("protocol"));
    }
}

#[test]
fn c16_a_result_holds_no_more_than_it_should() {
    let name = "c16_a_result_holds_no_more_than_it_should";
    let server = Raw::new(|peer| {
        while let Some(seen) = peer.request() {
            let artifacts = (0..9).map(|i| format!(r#"{{"id":"x{i}"}}"#)).collect::<Vec<_>>().join(",");
            let text = "lorem ipsum dolor ".repeat(500_000);
            let rows = vec![r#"{"a":1,"b":"two"}"#; 40_000].join(",");
            let body = if seen.head.contains("/conversation") {
                r#"{"messages":[{"type":"user","text":"Look"},{"type":"assistant","text":"Seen"}]}"#.to_owned()
            } else if seen.head.contains("/artifacts/x0") {
                format!(r#"{{"id":"x0","type":"table","rows":[{rows}]}}"#)
            } else if seen.head.contains("/artifacts/") {
                format!(r#"{{"id":"x","type":"markdown","content":"{text}"}}"#)
            } else {
                format!(r#"{{"id":"a","status":"finished","artifacts":[{artifacts}]}}"#)
            };
            peer.answer(200, &body);
        }
    });
    in_child(name, &[("URL", &server.url)], || {
        let options = ClientOptions::default().base_url(std::env::var("URL").unwrap()).api_key("npk_test");
        let nomic = Nomic::new(options).unwrap();
        let base = resident();
        let ask = nomkit::LaunchOptions::default().prompt("Look");
        let result = nomic.ask(ask, vec![], Default::default(), None).unwrap();
        let grown = peak() - base;
        let held = result.artifacts.iter().filter(|artifact| artifact.error.is_none()).count();
        assert_eq!((result.text.as_str(), result.artifacts.len()), ("Seen", 9));
        // The others say where to read them.
        assert!(held >= 1 && result.artifacts[8].error.as_deref().unwrap().contains("too large"), "{held}");
        assert!(grown < MOST, "{} MiB", grown >> 20);
    });
}

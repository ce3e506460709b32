//! N22 to N24: proxies. A tiny one, and what passes through it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{
    child::in_child,
    raw::{AGENT, Raw},
};
use nomkit::{ClientOptions, Error, RequestOutcome, blocking::Nomic};

const NOWHERE: &str = "https://acme.example";

/// A proxy that answers each CONNECT in one way, and what it saw.
fn proxy(answer: &'static str) -> Raw {
    Raw::new(move |peer| {
        peer.request();
        peer.send(answer);
    })
}

fn get(options: ClientOptions) -> Result<String, Error> {
    Nomic::new(options.api_key("npk_canary")).unwrap().agents().get("a").map(|agent| agent.id)
}

fn through(proxy: &Raw) -> Error {
    let url = proxy.url.replace("http://", "http://user:proxysecret@");
    let error = get(ClientOptions::default().base_url(NOWHERE).proxy(url)).unwrap_err();
    assert_eq!(error.outcome, Some(RequestOutcome::NotSent));
    assert!(!format!("{error} {error:?}").contains("proxysecret"), "{error:?}");
    for seen in proxy.seen() {
        assert!(seen.head.starts_with("connect acme.example:443 ") && !seen.head.contains("canary"), "{}", seen.head);
    }
    error
}

#[test]
fn n22_a_proxy_that_wants_a_password_is_asked_once() {
    let proxy = proxy("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    let error = through(&proxy);
    assert_eq!((error.code.as_str(), error.attempts, proxy.seen().len()), ("proxy", 1, 1), "{error}");
}

#[test]
fn n23_a_proxy_that_fails_is_asked_again_and_nothing_was_sent() {
    for answer in ["HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "garbage\r\n\r\n", ""] {
        let proxy = proxy(answer);
        let error = through(&proxy);
        assert_eq!((error.code.as_str(), error.attempts, proxy.seen().len()), ("proxy", 4, 4), "{error}");
    }
    // Nobody there at all.
    let mut dead = proxy("");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    dead.url = format!("http://{closed}");
    let error = through(&dead);
    assert_eq!((error.code.as_str(), error.attempts), ("proxy", 4), "{error}");
}

#[test]
fn n24_loopback_never_uses_a_proxy_and_the_environment_counts_elsewhere() {
    let name = "n24_loopback_never_uses_a_proxy_and_the_environment_counts_elsewhere";
    let server = Raw::new(|peer| peer.serve(AGENT));
    let refusing = || proxy("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
    for (variable, cgi) in [("HTTP_PROXY", true), ("HTTP_PROXY", false), ("HTTPS_PROXY", false), ("ALL_PROXY", false)] {
        let proxy = refusing();
        let mut variables = vec![("URL", server.url.as_str()), (variable, proxy.url.as_str())];
        variables.extend(cgi.then_some(("REQUEST_METHOD", "GET")));
        in_child(name, &variables, || {
            let url = std::env::var("URL").unwrap();
            assert_eq!(get(ClientOptions::default().base_url(url)).unwrap(), "a");
            // `HTTP_PROXY` may be a request's own header, and is for `http://` only, which no other host is asked by.
            if std::env::var("HTTP_PROXY").is_err() {
                assert_eq!(get(ClientOptions::default().base_url(NOWHERE)).unwrap_err().code, "proxy");
            }
        });
        assert_eq!(proxy.connections(), usize::from(variable != "HTTP_PROXY"), "{variable}");
    }
    // An explicit proxy does not change that.
    let proxy = refusing();
    let options = ClientOptions::default().base_url(server.url.as_str()).proxy(proxy.url.as_str());
    assert_eq!((get(options).unwrap().as_str(), proxy.connections()), ("a", 0));
}

//! Certificates: what is trusted, and what is refused before a request exists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use nomkit::{ClientOptions, Error, blocking::Nomic};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::Arc,
};

/// A server for one connection; gives whether a request was read on it.
fn serve(listener: TcpListener, config: ServerConfig) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || {
        let (socket, _): (TcpStream, _) = listener.accept().unwrap();
        let mut tls = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let read = matches!(tls.read(&mut [0; 4096]), Ok(1..));
        let body = r#"{"data":{"id":"a","status":"running"}}"#;
        let _ = write!(tls, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        read
    })
}

/// One GET to a server with a certificate for `name`, trusted or not.
fn get(name: &str, trusted: bool) -> (Result<String, Error>, bool) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = serve(listener, config);
    let folder = tempfile::tempdir().unwrap();
    let pem: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&pem, made.cert.pem()).unwrap();
    let mut options = ClientOptions::default().base_url(url).api_key("npk_test");
    if trusted {
        options = options.ca_certs(pem.to_str().unwrap());
    }
    let answer = Nomic::new(options).unwrap().agents().get("a").map(|agent| agent.id);
    (answer, server.join().unwrap())
}

#[test]
fn an_authority_that_was_given_is_trusted() {
    assert_eq!(get("localhost", true).0.unwrap(), "a");
}

#[test]
fn an_unknown_authority_and_a_wrong_name_are_refused_before_a_request() {
    for (name, trusted) in [("localhost", false), ("elsewhere.example", true)] {
        let (answer, read) = get(name, trusted);
        let error = answer.unwrap_err();
        assert_eq!((error.code.as_str(), error.attempts), ("tls", 1), "{error}");
        assert_eq!(error.outcome.as_ref().map(|outcome| outcome.as_str()), Some("not_sent"));
        assert!(!read, "no request may follow a refused certificate");
    }
}

#[test]
fn unusable_certificates_are_a_configuration_error() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("missing.pem", None), ("empty.pem", Some("")), ("text.pem", Some("-----BEGIN CERTIFICATE-----\nx"))]
    {
        let path = folder.path().join(name);
        if let Some(text) = content {
            std::fs::write(&path, text).unwrap();
        }
        let options = ClientOptions::default().base_url("https://localhost:9").api_key("npk_test");
        let nomic = Nomic::new(options.ca_certs(path.to_str().unwrap())).unwrap();
        assert_eq!(nomic.agents().get("a").unwrap_err().code, "config", "{name}");
    }
}

//! N19 to N21: what is trusted, and what is refused before a request exists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use nomkit::{ClientOptions, Error, blocking::Nomic};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::Arc,
};

const WHOLE: &str = r#"{"data":{"id":"a","status":"running"}}"#;

/// A server for one connection, which closes TLS politely or not; gives whether a request was read on it.
fn serve(listener: TcpListener, config: ServerConfig, answer: String, polite: bool) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || {
        let (socket, _): (TcpStream, _) = listener.accept().unwrap();
        let mut tls = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let read = matches!(tls.read(&mut [0; 4096]), Ok(1..));
        let _ = tls.write_all(answer.as_bytes());
        if polite {
            tls.conn.send_close_notify();
        }
        let _ = tls.flush();
        let _ = tls.sock.shutdown(std::net::Shutdown::Write);
        read
    })
}

struct Case {
    name: &'static str,
    trusted: bool,
    expired: bool,
    retries: u32,
    answer: String,
    polite: bool,
}

impl Case {
    fn new() -> Self {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{WHOLE}", WHOLE.len());
        Self { name: "localhost", trusted: true, expired: false, retries: 3, answer, polite: true }
    }

    /// One GET; what came of it, and whether the server read a request.
    fn get(self) -> (Result<String, Error>, bool) {
        let mut parameters = rcgen::CertificateParams::new([self.name.to_owned()]).unwrap();
        if self.expired {
            parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = parameters.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = serve(listener, config, self.answer, self.polite);
        let folder = tempfile::tempdir().unwrap();
        let pem: PathBuf = folder.path().join("ca.pem");
        std::fs::write(&pem, cert.pem()).unwrap();
        let mut options = client(port).retries(self.retries);
        if self.trusted {
            options = options.ca_certs(pem.to_str().unwrap());
        }
        (get(options), server.join().unwrap())
    }

    fn expect_refusal_of_its_certificate(self) {
        let (answer, read) = self.get();
        let error = answer.unwrap_err();
        assert_eq!((error.code.as_str(), error.attempts), ("tls", 1), "{error}");
        assert_eq!(error.outcome.as_ref().map(|outcome| outcome.as_str()), Some("not_sent"));
        assert!(error.message.contains("certificate"), "{error}");
        assert!(!read, "no request may follow a refused certificate");
    }
}

fn client(port: u16) -> ClientOptions {
    ClientOptions::default().base_url(format!("https://localhost:{port}")).api_key("npk_test")
}

fn get(options: ClientOptions) -> Result<String, Error> {
    Nomic::new(options).unwrap().agents().get("a").map(|agent| agent.id)
}

#[test]
fn an_authority_that_was_given_is_trusted() {
    assert_eq!(Case::new().get().0.unwrap(), "a");
}

#[test]
fn n19_an_expired_certificate_is_a_tls_error() {
    Case { expired: true, ..Case::new() }.expect_refusal_of_its_certificate();
}

#[test]
fn n19_a_certificate_for_another_name_is_a_tls_error() {
    Case { name: "elsewhere.example", ..Case::new() }.expect_refusal_of_its_certificate();
}

#[test]
fn n19_a_certificate_of_an_unknown_authority_is_a_tls_error() {
    Case { trusted: false, ..Case::new() }.expect_refusal_of_its_certificate();
}

#[test]
fn n20_what_speaks_no_modern_tls_is_a_tls_error_and_gets_no_request() {
    for hello in [
        // An alert: no common version.
        b"\x15\x03\x01\x00\x02\x02\x46".as_slice(),
        // A ServerHello of TLS 1.1.
        &[
            [0x16, 0x03, 0x02, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x02].as_slice(),
            &[7; 32],
            &[0x00, 0x00, 0x2f, 0x00],
        ]
        .concat(),
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hello = hello.to_vec();
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut seen = vec![0; 65_536];
            let mut read = socket.read(&mut seen).unwrap();
            socket.write_all(&hello).unwrap();
            while let Ok(more @ 1..) = socket.read(&mut seen[read..]) {
                read += more;
            }
            // Nobody may ask here again, in the clear or otherwise.
            listener.set_nonblocking(true).unwrap();
            (String::from_utf8_lossy(&seen[..read]).into_owned(), listener.accept().is_err())
        });
        let error = get(client(port)).unwrap_err();
        assert_eq!((error.code.as_str(), error.attempts), ("tls", 1), "{error}");
        let (seen, alone) = server.join().unwrap();
        assert!(alone && !seen.contains("HTTP/1.1") && !seen.contains("npk_test"), "{seen}");
    }
}

#[test]
fn n21_what_ends_without_close_notify_is_not_taken_for_whole() {
    // A length says that it is whole, whatever TLS says.
    assert_eq!(Case { polite: false, ..Case::new() }.get().0.unwrap(), "a");
    let close =
        |polite| Case { answer: format!("HTTP/1.1 200 OK\r\n\r\n{WHOLE}"), polite, retries: 0, ..Case::new() }.get().0;
    assert_eq!(close(true).unwrap(), "a");
    let cut = |answer: String| Case { answer, polite: false, retries: 0, ..Case::new() }.get().0.unwrap_err();
    for error in [
        close(false).unwrap_err(),
        cut(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{WHOLE}", WHOLE.len() + 9)),
    ] {
        assert_eq!(error.code, "transport", "{error}");
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

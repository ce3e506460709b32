//! A platform behind TLS, and a proxy before it: as much of either as `doctor` looks at.

use rcgen::{CertificateParams, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// A server with a certificate of its own making.
pub struct Secure {
    pub port: u16,
    /// The certificate, as a file of trusted authorities.
    pub pem: String,
    requests: Arc<AtomicUsize>,
}

impl Secure {
    /// For this name, until that year.
    pub fn new(name: &str, until: i32) -> Self {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Fictional Platform");
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let (config, counted) = (Arc::new(config), requests.clone());
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (config, counted) = (config.clone(), counted.clone());
                thread::spawn(move || answer(socket.unwrap(), config, &counted));
            }
        });
        Self { port, pem: made.pem(), requests }
    }

    /// How many requests came through.
    pub fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

fn answer(socket: TcpStream, config: Arc<ServerConfig>, counted: &AtomicUsize) {
    let mut tls = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), socket));
    let mut line = String::new();
    while matches!(tls.read_line(&mut line), Ok(1..)) {
        if line == "\r\n" {
            counted.fetch_add(1, SeqCst);
            let _ = tls.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":[]}");
        }
        line.clear();
    }
}

/// A proxy that leads every connection to one port, if it is told the right words; gives its own port.
pub fn proxy(to: u16, words: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || lead(client.unwrap(), to, words));
        }
    });
    port
}

fn lead(mut client: TcpStream, to: u16, words: &str) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(client.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    if !String::from_utf8_lossy(&head).contains(words) {
        let _ = client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
    let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut up, &mut down);
        let _ = down.shutdown(std::net::Shutdown::Write);
    });
    let (mut server, mut client) = (server, client);
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Write);
}

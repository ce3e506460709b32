//! A server on a real socket that does exactly what it is told, byte for byte.

use nomkit::ClientOptions;
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

pub const AGENT: &str = r#"{"data":{"id":"a","status":"running"}}"#;

/// One request as it came.
#[derive(Clone)]
pub struct Seen {
    /// On which connection, counted from 0.
    pub connection: usize,
    pub head: String,
    pub body: Vec<u8>,
}

pub struct Raw {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    opened: Arc<Mutex<usize>>,
}

impl Raw {
    /// Each connection is served by its own thread.
    pub fn new(serve: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    pub fn on(listener: TcpListener, serve: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, opened) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (log, counter, serve) = (seen.clone(), opened.clone(), Arc::new(serve));
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(socket) = socket else { return };
                let mut opened = counter.lock().unwrap();
                let mut peer = Peer { socket, connection: *opened, seen: log.clone() };
                *opened += 1;
                let serve = serve.clone();
                std::thread::spawn(move || serve(&mut peer));
            }
        });
        Self { url, seen, opened }
    }

    pub fn options(&self) -> ClientOptions {
        ClientOptions::default().base_url(self.url.as_str()).api_key("npk_test").pace(false).timeout(20.0)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.opened.lock().unwrap()
    }
}

/// The client's end of one connection.
pub struct Peer {
    pub socket: TcpStream,
    /// Counted from 0.
    pub connection: usize,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    /// Reads up to the end of the head, and what came of the body with it.
    pub fn head(&mut self) -> Option<(String, Vec<u8>)> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let body = bytes.split_off(end + 4);
                return Some((String::from_utf8_lossy(&bytes).to_ascii_lowercase(), body));
            }
            match self.socket.read(&mut chunk) {
                Ok(n @ 1..) => bytes.extend_from_slice(&chunk[..n]),
                _ => return None,
            }
        }
    }

    /// Reads one whole request; `None` when the client has hung up.
    pub fn request(&mut self) -> Option<Seen> {
        let (head, mut body) = self.head()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.trim().parse().unwrap());
        let mut chunk = vec![0; 64 * 1024];
        while body.len() < length {
            match self.socket.read(&mut chunk) {
                Ok(n @ 1..) => body.extend_from_slice(&chunk[..n]),
                _ => return None,
            }
        }
        let seen = Seen { connection: self.connection, head, body };
        self.seen.lock().unwrap().push(seen.clone());
        Some(seen)
    }

    /// Whether it could be written.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.socket.write_all(bytes.as_ref()).is_ok()
    }

    /// A whole answer.
    pub fn answer(&mut self, status: u16, body: &str) -> bool {
        self.send(answer(status, "", body))
    }

    /// Answers every request alike until the client hangs up.
    pub fn serve(&mut self, body: &str) {
        while self.request().is_some() && self.answer(200, body) {}
    }

    /// Waits until the client hangs up, reading nothing that matters.
    pub fn hang(&mut self) {
        let mut chunk = vec![0; 64 * 1024];
        while matches!(self.socket.read(&mut chunk), Ok(1..)) {}
    }

    /// Closes by FIN.
    pub fn close(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Closes by RST, whatever was read.
    pub fn reset(&mut self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).unwrap();
        // The socket itself closes when its owner drops it.
    }
}

pub fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Word\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

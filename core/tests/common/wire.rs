//! The wire itself: what a client's sockets carry, and how far.

use nomkit::{ClientOptions, blocking::Nomic};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread::JoinHandle,
};

/// A request as it came.
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
    /// How many bytes its body had, kept or not.
    pub size: usize,
    /// Whether it came to the length that its head announced.
    pub whole: bool,
}

/// A server that takes one request for each of its answers and writes them down.
pub struct Wire {
    pub url: String,
    server: JoinHandle<Vec<Received>>,
}

impl Wire {
    /// Each answer is a head without its first `HTTP/1.1 `, and a body.
    pub fn new(answers: &'static [(&'static str, &'static str)]) -> Self {
        Self::pausing(answers, true, |_| ())
    }

    /// Takes the bytes and keeps none.
    pub fn sink(answers: &'static [(&'static str, &'static str)]) -> Self {
        Self::pausing(answers, false, |_| ())
    }

    /// Does something each time a request is over, before it is answered.
    pub fn pausing(
        answers: &'static [(&'static str, &'static str)],
        keep: bool,
        mut pause: impl FnMut(usize) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let serve = |(at, (head, body)): (usize, &(&str, &str))| {
                let (mut socket, _) = listener.accept().unwrap();
                let received = receive(&mut socket, keep);
                pause(at);
                if received.whole {
                    write!(socket, "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
                }
                received
            };
            answers.iter().enumerate().map(serve).collect()
        });
        Self { url, server }
    }

    pub fn client(&self) -> Nomic {
        Nomic::new(ClientOptions::default().base_url(self.url.clone()).api_key("npk_test").pace(false)).unwrap()
    }

    /// What came, when all answers were given.
    pub fn received(self) -> Vec<Received> {
        self.server.join().unwrap()
    }
}

fn receive(socket: &mut TcpStream, keep: bool) -> Received {
    let (mut bytes, mut block) = (Vec::new(), vec![0; 64 << 10]);
    let start = loop {
        let read = socket.read(&mut block).unwrap_or_default();
        if read == 0 {
            return Received { head: String::new(), body: bytes, size: 0, whole: false };
        }
        bytes.extend_from_slice(&block[..read]);
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let mut body = bytes.split_off(start);
    let head = String::from_utf8(bytes).unwrap();
    let announced =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let announced: usize = announced.unwrap();
    let mut size = body.len();
    while size < announced {
        match socket.read(&mut block) {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                size += read;
                if keep {
                    body.extend_from_slice(&block[..read]);
                }
            }
        }
    }
    Received { head, body, size, whole: size == announced }
}

/// Stands between a client and an emulator: after so many bytes of the first connection `act` is called, and only then
/// the rest goes on.
pub struct Relay {
    /// To be used instead of the emulator's.
    pub url: String,
    ended: Receiver<()>,
}

impl Relay {
    /// Waits until the emulator is done with the connection.
    pub fn end(self) {
        self.ended.recv().unwrap();
    }
}

pub fn relay(to: &str, after: usize, act: impl FnOnce() + Send + 'static) -> Relay {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let (url, to) = (format!("http://{own}"), to.trim_start_matches("http://").to_owned());
    let (end, ended) = channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(&to).unwrap();
        let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut answers, &mut back);
            let _ = back.shutdown(Shutdown::Both);
            let _ = end.send(());
        });
        let (mut passed, mut act, mut block) = (0, Some(act), vec![0; 64 << 10]);
        while let Ok(read @ 1..) = client.read(&mut block) {
            // The emulator wants to be called by its own name; the head comes first.
            match passed {
                0 => {
                    let end = block[..read].windows(4).position(|window| window == b"\r\n\r\n").unwrap();
                    let head = String::from_utf8(block[..end].to_vec()).unwrap().replacen(&own, &to, 1);
                    server.write_all(&[head.as_bytes(), &block[end..read]].concat()).unwrap();
                }
                _ if server.write_all(&block[..read]).is_err() => break,
                _ => {}
            }
            passed += read;
            if passed >= after {
                act.take().into_iter().for_each(|act| act());
            }
        }
        let _ = server.shutdown(Shutdown::Write);
    });
    Relay { url, ended }
}

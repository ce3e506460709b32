//! A server that takes the head of one request and then waits to be told what to do.

use crate::world::text;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

pub struct Held {
    pub url: String,
    begun: Receiver<String>,
    orders: Sender<Order>,
    closed: Receiver<()>,
}

enum Order {
    Answer(String),
    Watch,
}

impl Held {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((begin, begun), (orders, told), (close, closed)) = (channel(), channel(), channel());
        thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            let head = text(&head);
            begin.send(head.lines().next().unwrap().to_owned()).unwrap();
            match told.recv() {
                Ok(Order::Answer(body)) => answer(&mut socket, &head, &body),
                Ok(Order::Watch) => {
                    let mut rest = vec![0; 1 << 20];
                    while matches!(socket.read(&mut rest), Ok(1..)) {}
                    close.send(()).unwrap();
                }
                Err(_) => {}
            }
        });
        Self { url, begun, orders, closed }
    }

    /// Waits for the request: its first line.
    pub fn begun(&self) -> String {
        self.begun.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    /// Takes the rest of the request and answers it.
    pub fn answer(&self, body: &str) {
        self.orders.send(Order::Answer(body.to_owned())).unwrap();
    }

    /// Waits until the client has closed the connection.
    pub fn closed(&self) {
        self.orders.send(Order::Watch).unwrap();
        self.closed.recv_timeout(Duration::from_secs(30)).unwrap();
    }
}

fn answer(socket: &mut TcpStream, head: &str, body: &str) {
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    std::io::copy(&mut Read::by_ref(socket).take(length.unwrap_or(0)), &mut std::io::sink()).unwrap();
    let kind = "content-type: application/json";
    write!(socket, "HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .unwrap();
}

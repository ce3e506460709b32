//! Servers that answer what no server should.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use nomkit::{ClientOptions, Error, blocking::Nomic};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

/// One GET of a server that does as it is told; gives what the server's part returned.
fn get<T: Send + 'static>(answer: impl FnOnce(TcpStream) -> T + Send + 'static) -> (Result<String, Error>, T) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let _ = socket.read(&mut [0; 8192]);
        answer(socket)
    });
    let options = ClientOptions::default().base_url(url).api_key("npk_test").timeout(2.0).retries(0u32);
    let answer = Nomic::new(options).unwrap().agents().get("a").map(|agent| agent.id);
    (answer, server.join().unwrap())
}

fn code(answer: Result<String, Error>) -> String {
    answer.unwrap_err().code.clone()
}

#[test]
fn a_body_without_end_is_left_at_the_cap() {
    let (answer, sent) = get(|mut socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        let block = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        let mut sent = 0;
        while sent < 512 << 20 && socket.write_all(&block).is_ok() {
            sent += 0x10000;
        }
        sent
    });
    assert_eq!(code(answer), "protocol");
    assert!(sent < 64 << 20, "{sent}");
}

#[test]
fn an_answer_that_stops_or_drips_ends_with_the_request_timeout() {
    let (answer, ()) = get(|mut socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{").unwrap();
        let _ = socket.read(&mut [0; 16]); // Until the client hangs up.
    });
    assert_eq!(code(answer), "request_timeout");
    let (answer, ()) = get(|mut socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        // One byte each time that the client stays silent.
        while socket.read(&mut [0; 16]).is_err() && socket.write_all(b" ").is_ok() {}
    });
    assert_eq!(code(answer), "request_timeout");
}

#[test]
fn headers_and_early_answers_without_end_are_refused() {
    let (answer, ()) = get(|mut socket| {
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n");
        for i in 0..100_000 {
            if write!(socket, "x-{i}: {i}\r\n").is_err() {
                break;
            }
        }
    });
    assert_eq!(code(answer), "protocol");
    let (answer, ()) = get(|mut socket| while socket.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").is_ok() {});
    assert!(["transport", "request_timeout"].contains(&code(answer).as_str()));
}

#[test]
fn text_that_is_no_answer_is_refused() {
    for answer in [
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n{\"a\"",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{\"data\":{\"id\":\"a\",\"status\":\"running\"}}",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
        "HTTP/1.1 200 OK\r\n\r\n\u{feff}{\"data\":{}}",
        "HTTP/1.1 200 OK\r\n\r\n{\"data\":{\"id\":\"a\",\"status\":1e400}}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "",
    ] {
        let (result, ()) = get(move |mut socket| socket.write_all(answer.as_bytes()).unwrap());
        assert!(["transport", "protocol"].contains(&code(result).as_str()), "{answer}");
    }
    let deep = format!("HTTP/1.1 200 OK\r\n\r\n{}", "[".repeat(100_000));
    let (result, ()) = get(move |mut socket| socket.write_all(deep.as_bytes()).unwrap());
    assert_eq!(code(result), "protocol");
}

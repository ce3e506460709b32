//! Blocking calls drive their own runtime: what that must not break.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, prompt, within};
use nomkit::{ClientOptions, blocking::Nomic};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

fn client(listener: &TcpListener, timeout: f64) -> ClientOptions {
    let url = format!("http://{}", listener.local_addr().unwrap());
    ClientOptions::default().base_url(url).api_key("npk_test").timeout(timeout).retries(0u32)
}

fn read_request(socket: &mut TcpStream) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 1024];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        match socket.read(&mut chunk) {
            Ok(n @ 1..) => bytes.extend_from_slice(&chunk[..n]),
            _ => return,
        }
    }
}

#[test]
fn connections_that_the_server_closed_meanwhile_are_not_used() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nomic = Nomic::new(client(&listener, 5.0)).unwrap();
    let body = r#"{"data":{"id":"a","status":"running"}}"#;
    let (closed, gone) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        for _ in 0..10 {
            let (mut socket, _) = listener.accept().unwrap();
            read_request(&mut socket);
            write!(socket, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            // Keep-alive was promised; the connection is closed all the same.
            drop(socket);
            closed.send(()).unwrap();
        }
    });
    for _ in 0..10 {
        assert_eq!(nomic.agents().get("a").unwrap().id, "a");
        gone.recv().unwrap();
        // Longer than a lane counts as fresh.
        std::thread::park_timeout(Duration::from_millis(30));
    }
    server.join().unwrap();
}

#[test]
fn the_server_sees_at_once_that_a_request_was_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nomic = Nomic::new(client(&listener, 0.3)).unwrap();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        read_request(&mut socket);
        let _ = socket.read(&mut [0; 16]); // Returns when the client hangs up.
        Instant::now()
    });
    assert_eq!(nomic.agents().get("a").unwrap_err().code, "request_timeout");
    let given_up = Instant::now();
    let seen = server.join().unwrap();
    // One that is kept for later stays open for longer.
    assert!(seen.saturating_duration_since(given_up) < Duration::from_secs(5));
}

#[test]
fn l05_an_interrupted_call_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nomic = nomkit::Nomic::new(client(&listener, 60.0)).unwrap();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        read_request(&mut socket);
        let _ = socket.read(&mut [0; 16]);
        Instant::now()
    });
    let agents = nomic.agents();
    let mut ticks = 0;
    let result = nomic.drive(agents.get("a"), || {
        ticks += 1;
        ticks > 3
    });
    assert!(matches!(result, Err(None)));
    let interrupted = Instant::now();
    assert!(server.join().unwrap().saturating_duration_since(interrupted) < Duration::from_secs(5));
}

#[test]
fn many_threads_share_one_client() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..32 {
            threads.spawn(|| (0..5).for_each(|_| assert_eq!(world.nomic.agents().get(run.id()).unwrap().id, run.id())));
        }
    });
}

#[test]
fn a_panic_becomes_an_error_and_the_client_lives_on() {
    let world = World::with(0.0, 3.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    let error = run.wait(within(30.0), Some(Arc::new(|_| panic!("a listener's own")))).unwrap_err();
    assert_eq!(error.code, "internal");
    assert!(!run.wait(within(30.0), None).unwrap().text.is_empty());
}

#[tokio::test]
async fn a_blocking_client_may_be_used_and_dropped_where_futures_run() {
    let world = tokio::task::spawn_blocking(World::new).await.unwrap();
    let nomic = world.nomic.clone();
    let listed = tokio::task::spawn_blocking(move || nomic.agents().list(Default::default()).unwrap().first(1));
    assert_eq!(listed.await.unwrap().unwrap().len(), 0);
    assert_eq!(world.nomic.agents().get("..").unwrap_err().code, "invalid_input");
    assert_eq!(world.nomic.agents().list(Default::default()).unwrap().first(1).unwrap().len(), 0);
}

#[test]
fn a_listener_may_call_the_client() {
    let world = World::with(0.0, 3.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    let (again, seen) = (run.clone(), Arc::new(std::sync::Mutex::new(Vec::new())));
    let listener = {
        let seen = seen.clone();
        move |_| seen.lock().unwrap().push(again.refresh().unwrap().id)
    };
    run.wait(within(30.0), Some(Arc::new(listener))).unwrap();
    assert!(seen.lock().unwrap().iter().all(|id| id == run.id()) && !seen.lock().unwrap().is_empty());
}

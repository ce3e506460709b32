//! The N rows of docs/faults.md that take a server of bytes: what breaks on the way, and what the caller gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{
    child::{in_child, peak, resident},
    prompt,
    raw::{AGENT, Peer, Raw, answer},
};
use nomkit::{ClientOptions, Error, RequestOutcome, Source, UploadOptions, blocking::Nomic};
use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

fn client(server: &Raw) -> Nomic {
    Nomic::new(server.options()).unwrap()
}

fn get(nomic: &Nomic) -> Result<String, Error> {
    nomic.agents().get("a").map(|agent| agent.id)
}

fn launch(nomic: &Nomic) -> Result<String, Error> {
    nomic.agents().launch(prompt("Look"), vec![], None).map(|run| run.id().to_owned())
}

fn is_not_sent(error: &Error) -> bool {
    error.outcome == Some(RequestOutcome::NotSent)
}

/// The first connection ends as `broken` says, the others are sound: a read is made again and a launch is not.
fn reads_go_on_and_launches_stop(broken: impl Fn(&mut Peer) + Copy + Send + Sync + 'static) {
    let serve = move |peer: &mut Peer| match peer.connection {
        0 => broken(peer),
        _ => peer.serve(AGENT),
    };
    let server = Raw::new(serve);
    assert_eq!(get(&client(&server)).unwrap(), "a");
    assert_eq!(server.connections(), 2);

    let server = Raw::new(serve);
    let error = launch(&client(&server)).unwrap_err();
    assert_eq!((error.code.as_str(), error.attempts), ("outcome_unknown", 1), "{error}");
    // It is looked for, which that server does not understand, and not sent again.
    let later = server.seen().into_iter().filter(|seen| seen.connection > 0).collect::<Vec<_>>();
    assert!(!later.is_empty() && later.iter().all(|seen| seen.head.starts_with("get /api/v0/agents?")));
}

/// Says why nothing was proved, past the runner, which keeps what a passing test prints to itself.
fn skipped(why: &str) {
    std::io::stderr().write_all(format!("SKIPPED {why}\n").as_bytes()).unwrap();
}

#[test]
fn n02_a_black_hole_ends_with_the_connect_timeout() {
    // A queue that is full and never emptied: the kernel drops what asks for more.
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let patience = Duration::from_millis(300);
    let queued = (0..8).map(|_| TcpStream::connect_timeout(&address, patience)).collect::<Vec<_>>();
    if queued.iter().all(Result::is_ok) {
        skipped("n02: this kernel takes connections without end");
        return;
    }
    let options = ClientOptions::default().base_url(format!("http://{address}")).api_key("npk_test").retries(0u32);
    let began = Instant::now();
    let error = launch(&Nomic::new(options).unwrap()).unwrap_err();
    assert_eq!((error.code.as_str(), is_not_sent(&error)), ("connect", true), "{error}");
    assert!((9.0..20.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
}

#[test]
fn n03_a_name_that_does_not_exist_is_not_sent() {
    // Too long a label: no resolver even asks.
    let host = format!("https://{}.example", "a".repeat(64));
    let options = ClientOptions::default().base_url(host).api_key("npk_secret_of_mine").retries(1u32);
    let error = launch(&Nomic::new(options).unwrap()).unwrap_err();
    assert_eq!((error.code.as_str(), error.attempts, is_not_sent(&error)), ("connect", 2, true), "{error}");
    assert!(!error.message.contains("secret_of_mine"), "{error}");
}

#[test]
fn n04_a_dead_first_address_does_not_hold_up_the_second() {
    let Ok(dead) = TcpListener::bind("[::1]:0") else {
        skipped("n04: this machine has no IPv6 loopback");
        return;
    };
    let port = dead.local_addr().unwrap().port();
    let live = TcpListener::bind(("127.0.0.1", port)).unwrap();
    drop(dead);
    let server = Raw::on(live, |peer| peer.serve(AGENT));
    let began = Instant::now();
    let options = server.options().base_url(format!("http://localhost:{port}"));
    assert_eq!(get(&Nomic::new(options).unwrap()).unwrap(), "a");
    // Waiting for an address to connect takes ten.
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
}

#[test]
fn n05_a_reset_before_anything_was_read() {
    reads_go_on_and_launches_stop(|peer| {
        // Only when the request is there, or its sender could not have begun.
        peer.socket.peek(&mut [0; 1]).unwrap();
        peer.reset();
    });
}

#[test]
fn n06_a_reset_after_the_headers() {
    reads_go_on_and_launches_stop(|peer| {
        peer.head().unwrap();
        peer.reset();
    });
}

#[test]
fn n07_a_reset_in_the_middle_of_an_upload() {
    let server = Raw::new(|peer| {
        peer.head().unwrap();
        std::io::Read::read_exact(&mut peer.socket, &mut vec![0; 65_536]).unwrap();
        peer.reset();
    });
    let file = Source::bytes(vec![b'x'; 32 << 20], "big.txt");
    let error = client(&server).files().upload(file, UploadOptions::default(), None).unwrap_err();
    assert_eq!((error.code.as_str(), server.connections()), ("outcome_unknown", 1), "{error}");
    assert!(error.message.contains("not sent whole"), "{error}");
}

#[test]
fn n08_processed_and_then_closed() {
    reads_go_on_and_launches_stop(|peer| {
        peer.request().unwrap();
        peer.close();
    });
}

#[test]
fn n09_processed_and_then_reset() {
    reads_go_on_and_launches_stop(|peer| {
        peer.request().unwrap();
        peer.reset();
    });
}

#[test]
fn n10_a_body_that_is_cut() {
    for cut in [
        answer(201, "", AGENT)[..answer(201, "", AGENT).len() - 17].to_owned(),
        format!("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{AGENT}\r\n", AGENT.len()),
        // No length at all: what is cut there is not whole JSON.
        format!("HTTP/1.1 201 Created\r\n\r\n{}", &AGENT[..20]),
    ] {
        let cut: &'static str = cut.leak();
        reads_go_on_and_launches_stop(move |peer| {
            peer.request().unwrap();
            peer.send(cut);
            peer.close();
        });
    }
}

#[test]
fn n11_a_length_larger_than_the_body() {
    reads_go_on_and_launches_stop(|peer| {
        peer.request().unwrap();
        peer.send(format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{AGENT}", AGENT.len() + 93));
        peer.close();
    });
}

#[test]
fn n12_a_length_smaller_than_the_body_spoils_no_other_answer() {
    let short = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{AGENT}", AGENT.len() - 4);
    let server = Raw::new(move |peer| {
        if peer.connection == 0 {
            peer.request().unwrap();
            peer.send(&short);
        }
        // Keep-alive: it goes on answering there too.
        peer.serve(AGENT);
    });
    let nomic = client(&server);
    for _ in 0..3 {
        assert_eq!(get(&nomic).unwrap(), "a");
    }
    assert_eq!(server.seen().iter().filter(|seen| seen.connection == 0).count(), 1);
    let options = server.options().retries(0u32);
    let server =
        Raw::new(
            |peer| while peer.request().is_some() && peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}") {},
        );
    let error = get(&Nomic::new(options.base_url(server.url.as_str())).unwrap()).unwrap_err();
    assert!(["transport", "request_timeout"].contains(&error.code.as_str()), "{error}");
}

#[test]
fn n12_what_is_asked_again_is_asked_over_another_connection() {
    // This connection goes on giving the rest of some other answer, which is framed well enough.
    let server = Raw::new(|peer| peer.serve(if peer.connection == 0 { "\"running\"}}" } else { AGENT }));
    assert_eq!(get(&client(&server)).unwrap(), "a");
    assert_eq!(server.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn n13_two_lengths_are_refused_and_the_connection_is_left() {
    for head in [
        "content-length: 38\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 38\r\n",
    ] {
        let odd = format!("HTTP/1.1 200 OK\r\n{head}\r\n{:x}\r\n{AGENT}\r\n0\r\n\r\n", AGENT.len());
        let server = Raw::new(move |peer| {
            while peer.request().is_some() {
                peer.send(if peer.connection == 0 { odd.clone() } else { answer(200, "", AGENT) });
            }
        });
        let nomic = Nomic::new(server.options().retries(0u32)).unwrap();
        let error = get(&nomic).unwrap_err();
        assert_eq!((error.code.as_str(), error.detail("reason")), ("protocol", Some(&"framing".into())), "{error}");
        assert_eq!(get(&nomic).unwrap(), "a");
        let seen = server.seen();
        assert_eq!(seen.iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 1], "{head}");
    }
}

#[tokio::test]
async fn n17_a_caller_that_is_busy_meanwhile_is_no_timeout() {
    let server = Raw::new(|peer| peer.serve(AGENT));
    let nomic = nomkit::Nomic::new(server.options().timeout(1.0).retries(0u32)).unwrap();
    let agents = nomic.agents();
    let busy = async {
        tokio::task::yield_now().await;
        // The runtime's only thread computes something for longer than the timeout.
        std::thread::sleep(Duration::from_millis(2500));
    };
    let (agent, ()) = tokio::join!(agents.get("a"), busy);
    assert_eq!(agent.unwrap().id, "a");
}

#[test]
fn n18_connections_that_close_while_idle_cost_no_launch_and_no_read() {
    let server = Raw::new(|peer| {
        while peer.request().is_some() && peer.answer(200, AGENT) {
            // Keep-alive was promised, and broken as soon as the next request may be on its way.
            std::thread::sleep(Duration::from_micros(1200));
            peer.close();
        }
    });
    let nomic = Nomic::new(server.options()).unwrap();
    for _ in 0..4000 {
        assert_eq!(launch(&nomic).unwrap(), "a");
    }
    assert_eq!(server.seen().len(), 4000);
    for _ in 0..500 {
        assert_eq!(get(&nomic).unwrap(), "a");
    }
}

#[test]
fn n26_a_flood_of_early_answers_takes_no_memory_and_ends_with_the_request() {
    let name = "n26_a_flood_of_early_answers_takes_no_memory_and_ends_with_the_request";
    let server = Raw::new(|peer| {
        peer.request();
        let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n".repeat(100);
        (0..1000).all(|_| peer.send(&hints));
        peer.hang();
    });
    in_child(name, &[("URL", &server.url)], || {
        let options = ClientOptions::default().base_url(std::env::var("URL").unwrap()).api_key("npk_test");
        let base = resident();
        let error = get(&Nomic::new(options.timeout(2.0).retries(0u32)).unwrap()).unwrap_err();
        assert_eq!(error.code, "request_timeout", "{error}");
        assert!(peak() - base < 16 << 20, "{}", peak() - base);
    });
}

#[test]
fn n27_a_bomb_of_headers_is_refused_in_little_memory() {
    let name = "n27_a_bomb_of_headers_is_refused_in_little_memory";
    let server = Raw::new(|peer| {
        let Some(seen) = peer.request() else { return };
        peer.send("HTTP/1.1 200 OK\r\n");
        if seen.head.contains("/one ") {
            peer.send(format!("x-big: {}\r\ncontent-length: {}\r\n\r\n{AGENT}", "a".repeat(100_000), AGENT.len()));
        } else if seen.head.contains("/many ") {
            (0..10_000).all(|i| peer.send(format!("x-{i}: {i}\r\n")));
            peer.send("\r\n");
        } else {
            let block = "a".repeat(1 << 20);
            while peer.send(&block) {}
        }
        peer.hang();
    });
    in_child(name, &[("URL", &server.url)], || {
        let options = ClientOptions::default().base_url(std::env::var("URL").unwrap()).api_key("npk_test");
        let nomic = Nomic::new(options.retries(0u32)).unwrap();
        let base = resident();
        for id in ["one", "many", "endless"] {
            let error = nomic.agents().get(id).unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.detail("reason")),
                ("protocol", Some(&"framing".into())),
                "{id}: {error}"
            );
        }
        assert!(peak() - base < 16 << 20, "{}", peak() - base);
    });
}

#[test]
fn text_that_is_not_http_is_a_protocol_error() {
    let server = Raw::new(|peer| {
        peer.request();
        let _ = peer.socket.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
    });
    let error = get(&Nomic::new(server.options().retries(0u32)).unwrap()).unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("reason")), ("protocol", Some(&"framing".into())), "{error}");
}

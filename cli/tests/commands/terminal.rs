//! The command in a real terminal: what is on the screen, and what is not.

use crate::{
    held::Held,
    world::{NOMKIT, World, file, report},
};
use pty_process::{Size, blocking};
use std::{
    io::{Read, Write},
    process::Child,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A command in a terminal of so many columns, as people see it.
struct Terminal {
    child: Child,
    pty: Arc<blocking::Pty>,
    seen: Arc<Mutex<(vt100::Parser, Vec<u8>)>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    fn new(world: &World, columns: u16, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let (pty, pts) = blocking::open().unwrap();
        pty.resize(Size::new(24, columns)).unwrap();
        let mut command = blocking::Command::new(NOMKIT).args(arguments).env("TERM", "xterm-256color");
        for name in ["NOMIC_DOMAIN", "NO_COLOR", "COLUMNS", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            command = command.env_remove(name);
        }
        command = command.env("NOMIC_BASE_URL", world.emulator.url()).env("NOMIC_API_KEY", world.emulator.api_key());
        let child = command.envs(environment.iter().copied()).spawn(pts).unwrap();
        let (pty, seen) = (
            Arc::new(pty),
            Arc::new(Mutex::new((
                vt100::Parser::new(24.try_into().unwrap(), columns.try_into().unwrap(), 0),
                Vec::new(),
            ))),
        );
        let (source, screen) = (pty.clone(), seen.clone());
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the command is an error of the terminal.
            while let Ok(count @ 1..) = (&*source).read(&mut bytes) {
                let mut screen = screen.lock().unwrap();
                screen.0.process(&bytes[..count]);
                screen.1.extend_from_slice(&bytes[..count]);
            }
        });
        Self { child, pty, seen, reader: Some(reader) }
    }

    /// What stands on the screen now, row by row, without the empty ones.
    fn rows(&self) -> Vec<String> {
        let screen = self.seen.lock().unwrap();
        let columns = screen.0.screen().size().1.get();
        screen.0.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).filter(|row| !row.is_empty()).collect()
    }

    fn until(&self, what: &str) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let rows = self.rows();
            if rows.iter().any(|row| row.contains(what)) {
                return rows;
            }
            assert!(Instant::now() < end, "{what} never came: {rows:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn press(&self, key: &[u8]) {
        (&*self.pty).write_all(key).unwrap();
    }

    /// The end: exit code, the last screen, and every byte that came.
    fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let code = self.child.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        let raw = String::from_utf8_lossy(&self.seen.lock().unwrap().1).into_owned();
        (code, self.rows(), raw)
    }
}

#[test]
fn an_upload_draws_one_line_and_takes_it_off_again() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let large = file(&folder, "large.bin", &vec![7; 32 << 20]);
    for columns in [40, 200] {
        let held = Held::new();
        let environment = [("NOMIC_BASE_URL", held.url.as_str())];
        let terminal = Terminal::new(&world, columns, &environment, &["upload", &large]);
        held.begun();
        let rows = terminal.until("sending");
        assert!(rows.len() == 1 && rows[0].contains("32.00 MiB"), "{rows:?}");
        held.answer(r#"{"id":"f1","name":"large.bin"}"#);
        let (code, rows, _) = terminal.end();
        let words = rows.concat().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!((code, words.as_slice()), (Some(0), &["f1".to_owned(), large.clone()][..]), "{rows:?}");
    }
}

#[test]
fn ctrl_c_takes_the_spinner_off_and_leaves_the_token() {
    let world = World::busy();
    for columns in [40, 200] {
        let terminal = Terminal::new(&world, columns, &[], &["ask", "Look"]);
        terminal.until("running");
        let pressed = Instant::now();
        terminal.press(b"\x03");
        let (code, rows, _) = terminal.end();
        assert!(pressed.elapsed() < Duration::from_secs(2), "{:?}", pressed.elapsed());
        let all = rows.concat();
        assert_eq!(code, Some(130), "{rows:?}");
        assert!(
            all.contains("Interrupted. The agent runs on.") && all.contains("go on with: nomkit wait nk1."),
            "{rows:?}"
        );
        assert!(!all.contains("running"), "{rows:?}");
    }
}

#[test]
fn what_is_typed_is_uploaded_when_its_end_is_said_once() {
    let world = World::new();
    let terminal = Terminal::new(&world, 80, &[], &["upload", "-", "--name", "typed.txt", "--quiet"]);
    terminal.press(b"a report\n\x04");
    terminal.until("  -");
    let (code, rows, _) = terminal.end();
    assert_eq!(code, Some(0), "{rows:?}");
    assert_eq!(world.ledger()["files"][0]["size"], 9);
}

#[test]
fn the_first_line_of_progress_is_of_what_goes_on() {
    let world = World::new();
    let (_, _, raw) = Terminal::new(&world, 80, &[], &["ask", "Look"]).end();
    assert!(raw.contains("waiting") && !raw.contains("0/0"), "{raw:?}");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_plain_lines() {
    let world = World::new();
    let ask = ["ask", "What is wrong with the fire doors?", &report()];
    let (code, _, raw) = Terminal::new(&world, 80, &[("TERM", "dumb")], &ask).end();
    assert_eq!(code, Some(0));
    assert!(!raw.contains('\u{1b}') && raw.contains("[inspection-report.pdf, p. "), "{raw}");
}

#[test]
fn colours_are_for_those_who_want_them() {
    let world = World::new();
    let help = |environment: &[(&str, &str)]| Terminal::new(&world, 80, environment, &["--help"]).end().2;
    assert!(help(&[]).contains("\u{1b}["));
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(!help(&[plain]).contains("\u{1b}["), "{plain:?}");
    }
    let (_, _, raw) = Terminal::new(&world, 80, &[("NO_COLOR", "1")], &["ask", "Look"]).end();
    assert!(!raw.contains("\u{1b}[3") && !raw.contains("\u{1b}[1m"), "{raw}");
}

#[test]
fn quiet_is_quiet() {
    let world = World::new();
    let (code, rows, raw) = Terminal::new(&world, 80, &[], &["launch", "Look", "--quiet"]).end();
    assert_eq!((code, rows.len()), (Some(0), 1), "{rows:?}");
    assert!(raw.starts_with("nk1.") && !raw.contains('\u{1b}'), "{raw}");
}

#[test]
fn a_platform_cannot_steer_the_terminal() {
    let world = World::new();
    let held = Held::new();
    let environment = [("NOMIC_BASE_URL", held.url.as_str())];
    let agent = ["agents", "get", "a1", "--quiet"];
    let terminal = Terminal::new(&world, 80, &environment, &agent);
    held.begun();
    held.answer(r#"{"data":{"id":"a1","status":"a\u001b]0;owned\u0007\u001b[2Jb\r\nc"}}"#);
    let (_, rows, raw) = terminal.end();
    assert!(!raw.contains('\u{1b}') && !raw.contains('\u{7}'), "{raw:?}");
    assert!(rows[0].contains(r"a\u{1b}]0;owned\u{7}\u{1b}[2Jb\r\nc"), "{rows:?}");
}

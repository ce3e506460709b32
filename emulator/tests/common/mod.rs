//! A client that speaks HTTP by hand, one connection a request, so that a test sees what the socket sees.
#![allow(unreachable_pub, reason = "it is shared by modules")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nomkit_emulator::{Emulator, Options, Rates, Timing};
use serde_json::{Value, json};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The `data` of a success.
    #[track_caller]
    pub fn data(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()["data"].clone()
    }

    /// Checks an error body, and gives its issues.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Vec<Value> {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert!(body["error"].as_str().is_some_and(|error| !error.is_empty()), "{body}");
        body.get("issues").map(|issues| issues.as_array().unwrap().clone()).unwrap_or_default()
    }
}

/// An emulator and a key.
pub struct Client {
    pub emulator: Emulator,
    pub key: String,
}

pub const INSTANT: Timing = Timing { waiting: Duration::ZERO, running: Duration::ZERO, stopping: Duration::ZERO };
/// Turns that are active until they are stopped.
pub const ENDLESS: Timing =
    Timing { waiting: Duration::ZERO, running: Duration::from_secs(1 << 20), stopping: Duration::ZERO };

impl Client {
    pub fn start(timing: Timing) -> Self {
        Self::with(Options { timing, ..Options::default() })
    }

    /// Without limits of rate, because these tests poll as fast as they can.
    pub fn with(options: Options) -> Self {
        Self::paced(Options { rates: Rates::off(), ..options })
    }

    pub fn paced(options: Options) -> Self {
        let emulator = Emulator::start(options).unwrap();
        Self { key: emulator.api_key().to_owned(), emulator }
    }

    pub fn host(&self) -> &str {
        self.emulator.url().strip_prefix("http://").unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends a request as given and reads to the end of the connection.
    pub fn raw(&self, head: &str, body: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect();
        stream.write_all(format!("{head}\r\n\r\n").as_bytes())?;
        // The server may answer, and close, before it has read everything.
        let sent = stream.write_all(body);
        let mut all = Vec::new();
        let read = stream.read_to_end(&mut all);
        if all.is_empty() {
            read?;
            sent?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(parse(&String::from_utf8(all).unwrap()))
    }

    pub fn try_send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close", self.host());
        write!(head, "\r\nContent-Length: {}{headers}", body.len()).unwrap();
        self.raw(&head, body)
    }

    pub fn try_api(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Answer> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let kind = if body.is_some() { "\r\nContent-Type: application/json" } else { "" };
        let headers = format!("\r\nAuthorization: Bearer {}{kind}", self.key);
        self.try_send(method, &format!("/api/v0{path}"), &headers, text.as_bytes())
    }

    /// A connection that a request was sent on, and is open.
    #[track_caller]
    pub fn open(&self, method: &str, path: &str, body: Option<&Value>) -> TcpStream {
        self.open_with("", method, path, body)
    }

    fn open_with(&self, headers: &str, method: &str, path: &str, body: Option<&Value>) -> TcpStream {
        let text = body.map(Value::to_string).unwrap_or_default();
        let mut stream = self.connect();
        let head = format!(
            "{method} /api/v0{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            self.host(),
            self.key,
            text.len()
        );
        // The server may have closed it already.
        drop(stream.write_all(head.as_bytes()));
        stream
    }

    /// All bytes that come until the connection ends, and how it ends. The request does not ask for that end.
    #[track_caller]
    pub fn wire(&self, method: &str, path: &str, body: Option<&Value>) -> (Vec<u8>, io::Result<()>) {
        let mut all = Vec::new();
        let end = self.open(method, path, body).read_to_end(&mut all).map(drop);
        (all, end)
    }

    /// All bytes of an answer after which the connection is to be closed.
    #[track_caller]
    pub fn wire_once(&self, method: &str, path: &str, body: Option<&Value>) -> Vec<u8> {
        let mut all = Vec::new();
        self.open_with("Connection: close\r\n", method, path, body).read_to_end(&mut all).unwrap();
        all
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.try_api("GET", path, None).unwrap()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_api("POST", path, Some(body)).unwrap()
    }

    #[track_caller]
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = format!("\r\nX-Emulator-Token: {}", self.emulator.token());
        self.try_send(method, &format!("/_emulator{path}"), &headers, body.to_string().as_bytes()).unwrap()
    }

    /// Queues a fault and gives its id.
    #[track_caller]
    pub fn fault(&self, body: &Value) -> String {
        let answer = self.control("POST", "/faults", body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn struck(&self, fault: &str, hits: u32, completed: u32) {
        let report = self.control("GET", &format!("/faults/{fault}"), &Value::Null).json();
        assert_eq!(report, json!({ "id": fault, "hits": hits, "completed": completed }));
    }

    #[track_caller]
    pub fn ledger(&self) -> Value {
        self.control("GET", "/ledger", &Value::Null).json()
    }

    /// The ledger's line for the newest request.
    #[track_caller]
    pub fn newest(&self) -> Value {
        self.ledger()["requests"].as_array().unwrap().last().unwrap().clone()
    }

    #[track_caller]
    pub fn launch(&self, text: &str, files: &[String]) -> Value {
        let answer = self.post("/agents", &json!({ "prompt": { "text": text }, "fileIds": files }));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.data()
    }

    #[track_caller]
    pub fn agent(&self, id: &Value) -> Value {
        self.get(&format!("/agents/{}", id.as_str().unwrap())).data()
    }

    #[track_caller]
    pub fn messages(&self, id: &Value) -> Vec<Value> {
        let data = self.get(&format!("/agents/{}/conversation", id.as_str().unwrap())).data();
        data["messages"].as_array().unwrap().clone()
    }

    /// Polls until the agent has this status.
    #[track_caller]
    pub fn until(&self, id: &Value, status: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let agent = self.agent(id);
            if agent["status"] == status {
                return agent;
            }
            assert!(Instant::now() < deadline, "{agent} is not {status}");
            std::thread::yield_now();
        }
    }

    /// Uploads a form of parts: (name, file name, content).
    pub fn try_upload(&self, parts: &[(&str, Option<&str>, &[u8])]) -> io::Result<Answer> {
        let headers = format!("\r\nAuthorization: Bearer {}\r\nContent-Type: {FORM}", self.key);
        self.try_send("POST", "/api/v0/files/upload", &headers, &form(parts))
    }

    #[track_caller]
    pub fn upload(&self, name: &str, content: &[u8]) -> String {
        let answer = self.try_upload(&[("file", Some(name), content)]).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

pub const FORM: &str = "multipart/form-data; boundary=edge";

pub fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend_from_slice(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, headers: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// The most memory that this process has had so far.
#[cfg(target_os = "linux")]
pub fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

//! Many agents in memory, in virtual time: what they do, what lists show of them, and what was asked.

use super::scripted::KEY;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use nomkit::{
    AgentRun, ClientOptions, ErrorKind, FollowUpOptions, LaunchOptions, Nomic,
    http::transport::{Failure, Request, Response, Transport},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// One agent, times in seconds.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: String,
    pub born: f64,
    pub ends: f64,
    pub status: &'static str,
    pub gone: bool,
    /// When each turn was asked for, and when it ended.
    turns: Vec<(f64, f64)>,
}

/// What a request asked for, and when.
#[derive(Clone, Debug)]
pub struct Asked {
    pub at: f64,
    pub what: &'static str,
    /// The agent's id, or the list's cursor.
    pub id: String,
}

/// What the server is like.
#[derive(Clone)]
pub struct Manner {
    /// Seconds of every request.
    pub round_trip: f64,
    /// How much older lists are than agents.
    pub lag: f64,
    /// How much later answers are to be read.
    pub rows_lag: f64,
    /// How long agents are shown as before a follow-up.
    pub stale: f64,
    /// Whether reads are limited, to 300 a minute.
    pub limited: bool,
    /// How many of the next pages never come.
    pub lost_pages: u32,
    /// What lists, or all requests, answer instead.
    pub lists_fail: Option<u16>,
    pub all_fail: Option<u16>,
    /// What happens to a page before it is sent.
    pub page: Option<fn(&mut Value)>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            round_trip: 0.05,
            lag: 0.0,
            rows_lag: 0.0,
            stale: 0.0,
            limited: false,
            lost_pages: 0,
            lists_fail: None,
            all_fail: None,
            page: None,
        }
    }
}

struct State {
    members: Vec<Member>,
    places: HashMap<String, usize>,
    manner: Manner,
    asked: Vec<Asked>,
    /// How many agents were shown, by lists or alone.
    looks: usize,
    /// How long the next agents work, and what they show meanwhile.
    next: (f64, &'static str),
}

#[derive(Clone)]
pub struct Fleet {
    began: Instant,
    state: Arc<Mutex<State>>,
}

impl Fleet {
    pub fn new() -> (Self, Nomic) {
        Self::with(ClientOptions::default())
    }

    pub fn with(options: ClientOptions) -> (Self, Nomic) {
        let state = State {
            members: Vec::new(),
            places: HashMap::new(),
            manner: Manner::default(),
            asked: Vec::new(),
            looks: 0,
            next: (60.0, "running"),
        };
        let fleet = Self { began: Instant::now(), state: Arc::new(Mutex::new(state)) };
        let options = options.base_url("https://acme.example").api_key(KEY);
        (fleet.clone(), Nomic::over(options, Arc::new(fleet)).unwrap())
    }

    pub fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    pub fn be(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.state.lock().unwrap().manner);
    }

    pub fn member(&self, id: &str) -> Member {
        let state = self.state.lock().unwrap();
        state.members[state.places[id]].clone()
    }

    pub fn delete(&self, id: &str) {
        let mut state = self.state.lock().unwrap();
        let place = state.places[id];
        state.members[place].gone = true;
    }

    /// Agents that nobody here waits for, newer than all others.
    pub fn strangers(&self, count: usize) {
        let now = self.now();
        let mut state = self.state.lock().unwrap();
        (0..count).for_each(|_| drop(state.add(now)));
    }

    /// Launches an agent that works for so long.
    pub async fn launch(&self, nomic: &Nomic, works: f64, status: &'static str) -> AgentRun {
        self.state.lock().unwrap().next = (works, status);
        nomic.agents().launch(LaunchOptions::default().prompt("Look"), vec![], None).await.unwrap()
    }

    /// Asks an agent again, which then works for so long.
    pub async fn ask_again(&self, run: &AgentRun, works: f64) -> AgentRun {
        self.state.lock().unwrap().next = (works, "running");
        run.follow_up(FollowUpOptions::default().prompt("Again"), vec![]).await.unwrap()
    }

    pub async fn launch_all(&self, nomic: &Nomic, works: impl IntoIterator<Item = f64>) -> Vec<AgentRun> {
        let mut runs = Vec::new();
        for works in works {
            runs.push(self.launch(nomic, works, "running").await);
        }
        runs
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// How often something was asked for.
    pub fn count(&self, what: &str) -> usize {
        self.state.lock().unwrap().asked.iter().filter(|asked| asked.what == what).count()
    }

    /// How many agents were shown, by lists or alone, that had not ended long ago.
    pub fn looks(&self) -> usize {
        self.state.lock().unwrap().looks
    }

    /// The most requests of some kinds in any minute.
    pub fn busiest_minute(&self, what: &[&str]) -> usize {
        let times = self.asked().into_iter().filter(|asked| what.contains(&asked.what)).map(|asked| asked.at);
        let times = times.collect::<Vec<_>>();
        let mut from = 0;
        let minute = |(to, at): (usize, &f64)| {
            while times[from] <= at - 60.0 {
                from += 1;
            }
            to + 1 - from
        };
        times.iter().enumerate().map(minute).max().unwrap_or_default()
    }
}

impl State {
    fn add(&mut self, now: f64) -> String {
        let id = format!("a{:06}", self.members.len());
        let (works, status) = self.next;
        self.places.insert(id.clone(), self.members.len());
        self.members.push(Member {
            id: id.clone(),
            born: now,
            ends: now + works,
            status,
            gone: false,
            turns: vec![(now, now + works)],
        });
        id
    }

    fn answer(&mut self, method: &str, path: &str, query: &HashMap<String, String>, now: f64) -> (u16, Value) {
        let parts = path.trim_start_matches("/api/v0/agents").split('/').filter(|part| !part.is_empty());
        let parts = parts.collect::<Vec<_>>();
        let what = match (method, parts.as_slice()) {
            ("POST", []) => "launch",
            ("GET", []) => "list",
            ("GET", [_]) => "agent",
            ("POST", [_, "followup"]) => "followup",
            _ => "conversation",
        };
        let cursor = query.get("cursor").map_or("", String::as_str);
        let id = if what == "list" { cursor } else { parts.first().unwrap_or(&"") }.to_owned();
        self.asked.push(Asked { at: now, what, id: id.clone() });
        let failing = self.manner.all_fail.or(self.manner.lists_fail.filter(|_| what == "list"));
        if let Some(status) = failing {
            return (status, json!({"error": "No", "code": "no"}));
        }
        self.looks += usize::from(what == "agent");
        match what {
            "launch" => {
                let id = self.add(now);
                (201, json!({"data": self.members[self.places[&id]].shown(now, self.manner.stale)}))
            }
            "list" => {
                let shown = now - self.manner.lag;
                let limit = query.get("limit").map_or(20, |limit| limit.parse().unwrap());
                let before = query.get("cursor").map_or(self.members.len(), |cursor| cursor.parse().unwrap());
                let listed = self.members[..before].iter().enumerate().rev();
                let listed = listed.filter(|(_, member)| !member.gone && member.born <= shown);
                let page = listed.take(limit).collect::<Vec<_>>();
                let next = page.last().filter(|(at, _)| *at > 0).map(|(at, _)| at.to_string());
                self.looks += page.iter().filter(|(_, member)| now < member.ends).count();
                let stale = self.manner.stale;
                let data = page.iter().map(|(_, member)| member.shown(shown, stale)).collect::<Vec<_>>();
                let mut page = json!({"data": data, "nextCursor": next});
                if let Some(change) = self.manner.page {
                    change(&mut page);
                }
                (200, page)
            }
            "followup" => {
                let place = self.places[&id];
                let member = &mut self.members[place];
                member.ends = now + self.next.0;
                member.turns.push((now, member.ends));
                (202, json!({"data": member.shown(now, self.manner.stale)}))
            }
            _ => match self.places.get(&id.to_lowercase()).map(|place| &self.members[*place]) {
                Some(member) if !member.gone && what == "agent" => {
                    let mut agent = member.shown(now, self.manner.stale);
                    agent["files"] = json!([{"id": "f1"}]);
                    (200, json!({"data": agent}))
                }
                Some(member) if !member.gone => {
                    (200, json!({"data": {"messages": member.rows(now - self.manner.rows_lag)}}))
                }
                _ => (404, json!({"error": "Agent not found", "code": "not_found"})),
            },
        }
    }
}

impl Member {
    fn shown(&self, now: f64, stale: f64) -> Value {
        let last = self.turns.iter().enumerate().rev().find(|(at, (asked, _))| *at == 0 || asked + stale <= now);
        let (asked, ends) = *last.unwrap().1;
        let (status, changed) = if now >= ends { ("finished", ends) } else { (self.status, asked) };
        json!({"id": self.id, "status": status, "createdAt": time(self.born), "updatedAt": time(changed)})
    }

    fn rows(&self, now: f64) -> Vec<Value> {
        let mut rows = Vec::new();
        for (turn, (asked, ends)) in self.turns.iter().enumerate() {
            if *asked <= now {
                rows.push(json!({"type": "user", "text": if turn == 0 { "Look" } else { "Again" }}));
            }
            if *ends <= now {
                let turn = if turn == 0 { String::new() } else { format!(" to turn {}", turn + 1) };
                rows.push(json!({"type": "assistant", "text": format!("Answer of {}{turn}", self.id)}));
            }
        }
        rows
    }
}

fn time(seconds: f64) -> String {
    // 2026-11-22T10:00:00Z
    jiff::Timestamp::from_microsecond(1_795_341_600_000_000 + (seconds * 1e6) as i64).unwrap().to_string()
}

impl Transport for Fleet {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        let fleet = self.clone();
        async move {
            let trip = fleet.state.lock().unwrap().manner.round_trip / 2.0;
            sleep(Duration::from_secs_f64(trip)).await;
            let query = request.url.query_pairs().into_owned().collect::<HashMap<_, _>>();
            let (status, body) =
                fleet.state.lock().unwrap().answer(request.method.as_str(), request.url.path(), &query, fleet.now());
            let lost = {
                let mut state = fleet.state.lock().unwrap();
                let lost = body["nextCursor"] != Value::Null && state.manner.lost_pages > 0;
                state.manner.lost_pages -= u32::from(lost);
                lost
            };
            if lost {
                std::future::pending::<()>().await;
            }
            sleep(Duration::from_secs_f64(trip)).await;
            if status == 0 {
                return Err(Failure::after_send(ErrorKind::Transport, "The connection broke"));
            }
            // Launches are free, or there would be few agents in an hour.
            let free = request.method == "POST" || !fleet.state.lock().unwrap().manner.limited;
            let headers = [("x-ratelimit-limit", if free { "60000000" } else { "300" })];
            let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let body = stream::iter([Ok(body.to_string().into())]).boxed();
            Ok(Response { status: status.try_into().unwrap(), headers: headers.into_iter().collect(), body })
        }
        .boxed()
    }
}

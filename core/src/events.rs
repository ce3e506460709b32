//! What a client does, told as it happens: to the run that it is about, to those who listen, and to `tracing`.
//!
//! An event holds no key, no text of users and no URL, so it can be shown to anybody.

use crate::{Timestamp, runtime::PerProcess};
use arc_swap::ArcSwap;
use nomkit_macros::{open_enum, record};
use std::{
    collections::VecDeque,
    fmt::Write,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// Something that a client did, or that befell it.
#[record]
pub struct Event {
    /// When, by this machine's clock.
    pub at: Timestamp,
    /// How much it matters.
    pub level: EventLevel,
    /// What kind of thing it is.
    pub kind: EventKind,
    /// The operation that it belongs to, such as `agents.launch`.
    pub operation: String,
    /// The agent that it is about, if that is known.
    pub agent_id: Option<String>,
    /// What happened, for people.
    pub text: String,
    /// Seconds that it took, or will take.
    pub seconds: Option<f64>,
    /// The status that the server answered.
    pub status: Option<u16>,
    /// Which request of its operation it was, from 1.
    pub attempt: Option<u32>,
    /// What the server calls the request.
    pub request_id: Option<String>,
}

/// How much an event matters.
#[open_enum]
pub enum EventLevel {
    /// Every request, every look.
    Debug,
    /// What takes longer than it should, and what came of it.
    Info,
    /// What people should know of.
    Warning,
    /// A word newer than this version.
    Other(String),
}

/// What happened.
#[open_enum]
pub enum EventKind {
    /// A request was answered.
    Answered,
    /// A request failed, or its answer was lost.
    Failed,
    /// It is sent again, after so many seconds.
    Retrying,
    /// It waits for its place within the rate limit.
    Throttled,
    /// The server asked all requests of a tier to pause.
    Paused,
    /// What became of a request whose answer was lost is being looked for.
    Recovering,
    /// It was found.
    Recovered,
    /// It was not found, or cannot be told from others.
    Lost,
    /// An agent that was lost turned up after another had been launched in its place.
    Twin,
    /// An agent was looked at.
    Looked,
    /// A list was read for many agents at once.
    Swept,
    /// A turn is over, or cannot be told.
    Over,
    /// A word newer than this version.
    Other(String),
}

impl Event {
    /// One of this moment.
    pub(crate) fn new(kind: EventKind, operation: &str, text: impl Into<String>) -> Self {
        let level = match kind {
            EventKind::Answered | EventKind::Looked | EventKind::Swept => EventLevel::Debug,
            EventKind::Lost | EventKind::Twin | EventKind::Failed => EventLevel::Warning,
            _ => EventLevel::Info,
        };
        Self {
            at: Timestamp(jiff::Timestamp::now()),
            level,
            kind,
            operation: operation.to_owned(),
            agent_id: None,
            text: text.into(),
            seconds: None,
            status: None,
            attempt: None,
            request_id: None,
        }
    }

    pub(crate) fn about(self, agent: &str) -> Self {
        Self { agent_id: Some(agent.to_owned()), ..self }
    }

    pub(crate) fn taking(self, span: std::time::Duration) -> Self {
        Self { seconds: Some((span.as_secs_f64() * 1000.0).round() / 1000.0), ..self }
    }

    /// Whether it only says again what another said.
    fn repeats(&self, other: &Self) -> bool {
        (&self.kind, &self.operation, &self.text, self.status)
            == (&other.kind, &other.operation, &other.text, other.status)
    }
}

/// Where a client's events go.
#[derive(Default)]
pub(crate) struct Events {
    /// Without a lock that callers wait for: a forked child may tell whatever other threads were doing.
    queues: ArcSwap<Vec<Weak<Inner>>>,
}

impl Events {
    pub(crate) fn tell(&self, mut event: Event) {
        let timeline = Timeline::current();
        if event.agent_id.is_none() {
            event.agent_id = timeline.as_ref().and_then(Timeline::agent);
        }
        trace(&event);
        let queues = self.queues.load();
        for queue in queues.iter().filter_map(Weak::upgrade) {
            queue.push(event.clone());
        }
        if let Some(timeline) = timeline {
            timeline.push(event);
        }
    }

    /// What happens from now on, for as long as the queue is kept.
    pub(crate) fn listen(&self) -> EventQueue {
        let inner = Arc::new(Inner { heard: PerProcess::new(), over: AtomicBool::new(false) });
        self.queues.rcu(|queues| {
            let alive = queues.iter().filter(|queue| queue.strong_count() > 0).cloned();
            alive.chain([Arc::downgrade(&inner)]).collect::<Vec<_>>()
        });
        EventQueue(inner)
    }

    /// Who listens hears what was told until now, and then the end.
    pub(crate) fn end(&self) {
        for queue in self.queues.swap(Arc::default()).iter().filter_map(Weak::upgrade) {
            queue.over.store(true, Ordering::Release);
            queue.heard.get().more.notify_one();
        }
    }
}

/// Nobody waits for a client that is gone.
impl Drop for Events {
    fn drop(&mut self) {
        self.end();
    }
}

/// A macro of `tracing` needs its level written out.
fn trace(event: &Event) {
    macro_rules! trace {
        ($level:ident) => {
            tracing::event!(
                target: "nomkit", tracing::Level::$level, kind = event.kind.as_str(), operation = event.operation,
                agent = event.agent_id, seconds = event.seconds, status = event.status, attempt = event.attempt,
                request = event.request_id, "{}", event.text
            )
        };
    }
    match event.level {
        EventLevel::Warning => trace!(WARN),
        EventLevel::Info => trace!(INFO),
        _ => trace!(DEBUG),
    }
}

/// Events that wait for whoever listens, until their client is closed or gone. Beyond a thousand the oldest are dropped.
pub struct EventQueue(Arc<Inner>);

struct Inner {
    /// A forked child hears what it does itself, whatever its parent was telling meanwhile.
    heard: PerProcess<Heard>,
    over: AtomicBool,
}

#[derive(Default)]
struct Heard {
    waiting: Mutex<VecDeque<Event>>,
    /// There is something to hear, or nothing will be any more.
    more: Notify,
}

/// How many events wait for somebody who does not listen.
const MOST_WAITING: usize = 1000;

impl Inner {
    fn push(&self, event: Event) {
        let heard = self.heard.get();
        let mut waiting = heard.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(event);
        drop(waiting);
        heard.more.notify_one();
    }
}

impl EventQueue {
    /// What has happened since it was last asked.
    pub fn drain(&self) -> Vec<Event> {
        let heard = self.0.heard.get();
        let mut waiting = heard.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain(..).collect()
    }

    /// The same, but at least one event: it waits for that. None is the end. One asks at a time.
    pub async fn next(&self) -> Vec<Event> {
        loop {
            let over = self.0.over.load(Ordering::Acquire);
            let events = self.drain();
            if over || !events.is_empty() {
                return events;
            }
            self.0.heard.get().more.notified().await;
        }
    }
}

/// What happened to one run: its beginning and the newest of it. The same again and again counts as one.
#[derive(Clone, Default)]
pub(crate) struct Timeline(Arc<Line>);

#[derive(Default)]
struct Line {
    agent: ArcSwap<String>,
    told: ArcSwap<Entries>,
}

#[derive(Clone, Default)]
struct Entries {
    kept: Vec<Arc<Told>>,
    /// How many events there were between the beginning and the newest.
    left_out: u64,
}

#[derive(Clone)]
struct Told {
    event: Event,
    times: u32,
    last: Timestamp,
}

tokio::task_local! {
    static CURRENT: Timeline;
}

impl Timeline {
    /// More than people read.
    const MOST: usize = 100;

    /// Runs a future whose events belong to this run.
    pub(crate) async fn within<T>(&self, future: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), future).await
    }

    /// That of the run which is being worked on.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// From now on its events are about this agent.
    pub(crate) fn name(&self, agent: &str) {
        self.0.agent.store(Arc::new(agent.to_owned()));
    }

    fn agent(&self) -> Option<String> {
        Some(String::clone(&self.0.agent.load())).filter(|agent| !agent.is_empty())
    }

    fn push(&self, event: Event) {
        let told = Arc::new(Told { last: event.at, event, times: 1 });
        self.0.told.rcu(|before| {
            let mut after = Entries::clone(before);
            after.push(told.clone());
            after
        });
    }

    /// One line for each event, the oldest first.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let entries = self.0.told.load();
        for (at, told) in entries.kept.iter().enumerate() {
            if at == Entries::BEGINNING && entries.left_out > 0 {
                let _ = write!(text, "\n… {} left out", entries.left_out);
            }
            told.write(&mut text);
        }
        text
    }
}

impl Entries {
    /// So many of the oldest stay: how the run came to be.
    const BEGINNING: usize = Timeline::MOST / 2;
    /// What a look, or the asking for a whole result, leaves in a timeline.
    const LONGEST_ROUND: usize = 6;

    fn push(&mut self, told: Arc<Told>) {
        self.kept.push(told);
        self.fold();
        if self.kept.len() > Timeline::MOST {
            self.left_out += u64::from(self.kept.remove(Self::BEGINNING).times);
        }
    }

    /// If the last entries say again what those before them said, they count there.
    fn fold(&mut self) {
        // What is on both sides of a gap did not follow one another.
        let from = if self.left_out > 0 { Self::BEGINNING } else { 0 };
        let (_, near) = self.kept.split_at_mut(from);
        for round in 1..=Self::LONGEST_ROUND.min(near.len() / 2) {
            let (before, again) = near.split_at_mut(near.len() - round);
            let (_, first) = before.split_at_mut(before.len() - round);
            if first.iter().zip(&*again).all(|(first, again)| again.event.repeats(&first.event)) {
                for (first, again) in first.iter_mut().zip(again) {
                    *first = Arc::new(first.and(again));
                }
                self.kept.truncate(self.kept.len() - round);
                return;
            }
        }
    }
}

impl Told {
    fn and(&self, again: &Self) -> Self {
        Self { event: self.event.clone(), times: self.times.saturating_add(again.times), last: again.last }
    }

    fn write(&self, text: &mut String) {
        let Self { event, times, last } = self;
        let at = event.at.0.strftime("%H:%M:%S%.3fZ");
        let _ = write!(text, "\n{at}  {:<20} {}", event.operation, event.text);
        if let Some(seconds) = event.seconds {
            let _ = write!(text, " ({seconds} s)");
        }
        if let Some(id) = &event.request_id {
            let _ = write!(text, " [request {id}]");
        }
        if *times > 1 {
            let _ = write!(text, " ×{times}, until {}", last.0.strftime("%H:%M:%SZ"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        Event::new(EventKind::Looked, "agents.get", text)
    }

    #[tokio::test]
    async fn a_runs_events_are_its_own_and_repetition_counts() {
        let (events, timeline) = (Events::default(), Timeline::default());
        let queue = events.listen();
        timeline.name("agent");
        timeline
            .within(async {
                for text in ["running", "running", "running", "finished"] {
                    events.tell(event(text));
                }
            })
            .await;
        events.tell(event("of nobody"));
        let text = timeline.text();
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 2, "{text}");
        assert!(text.contains("running ×3, until ") && !text.contains("nobody"), "{text}");
        let told = queue.next().await;
        assert_eq!(told.len(), 5);
        assert_eq!((told[0].agent_id.as_deref(), told[4].agent_id.as_deref()), (Some("agent"), None));
    }

    #[tokio::test]
    async fn rounds_that_come_again_count_as_one_and_keep_their_order() {
        let (events, timeline) = (Events::default(), Timeline::default());
        let tell = async |rounds: usize, round: &[&str]| {
            for text in (0..rounds).flat_map(|_| round) {
                events.tell(event(text));
            }
        };
        let told = async || {
            tell(1, &["launched"]).await;
            tell(40, &["answered", "running"]).await;
            tell(1, &["failed"]).await;
            tell(30, &["answered", "running", "rows", "rows", "artifact"]).await;
            tell(1, &["answered"]).await;
        };
        timeline.within(told()).await;
        let text = timeline.text();
        let lines = text.trim().lines().map(|line| {
            let line = line.split(", until").next().unwrap_or_default();
            line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
        });
        let expected = [
            "launched",
            "answered ×40",
            "running ×40",
            "failed",
            "answered ×30",
            "running ×30",
            "rows ×60",
            "artifact ×30",
            "answered",
        ];
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{text}");
    }

    #[tokio::test]
    async fn what_was_left_out_between_two_events_keeps_them_apart() {
        let (events, timeline) = (Events::default(), Timeline::default());
        let told = async {
            for at in 0..Entries::BEGINNING {
                events.tell(event(&format!("beginning {at}")));
            }
            // Rounds too long to be seen as such: all is bounded all the same, and nothing is lost from the count.
            for at in 0..1000 {
                events.tell(event(&format!("later {}", at % 7)));
            }
        };
        timeline.within(told).await;
        let text = timeline.text();
        assert!(text.contains("beginning 0\n") && text.contains("beginning 49\n"), "{text}");
        let counted = timeline.0.told.load().kept.iter().map(|told| u64::from(told.times)).sum::<u64>();
        assert_eq!(counted + timeline.0.told.load().left_out, 1050);
        assert_eq!(text.trim().lines().count(), Timeline::MOST + 1, "{text}");
    }

    #[tokio::test]
    async fn who_listens_hears_all_up_to_the_end() {
        let events = Events::default();
        let (closed, gone) = (events.listen(), Events::default());
        let left = gone.listen();
        events.tell(event("before"));
        events.end();
        events.tell(event("after"));
        assert_eq!((closed.next().await.len(), closed.next().await.len()), (1, 0));
        let (end, ()) = tokio::join!(left.next(), async { drop(gone) });
        assert!(end.is_empty());
    }

    #[tokio::test]
    async fn nobody_who_does_not_listen_costs_memory() {
        let (events, timeline) = (Events::default(), Timeline::default());
        let queue = events.listen();
        timeline
            .within(async {
                for at in 0..3000 {
                    events.tell(event(&at.to_string()));
                }
            })
            .await;
        let text = timeline.text();
        assert_eq!(text.trim().lines().count(), Timeline::MOST + 1);
        let at = |line: usize| text.trim().lines().nth(line).and_then(|line| line.split_whitespace().last()).unwrap();
        assert_eq!([at(0), at(49), at(51), at(100)], ["0", "49", "2950", "2999"]);
        assert!(text.contains("\n… 2900 left out\n"), "{text}");
        let waiting = queue.drain();
        assert_eq!((waiting.len(), waiting[999].text.as_str()), (MOST_WAITING, "2999"));
        drop(queue);
        drop(events.listen());
        assert_eq!(events.queues.load().len(), 1);
    }
}

//! The same in virtual time, with a platform that is late, skewed, or shared with others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Reply, client, client_with, count, lost, reply};
use futures_util::future::join_all;
use nomkit::{
    AgentRun, ClientOptions, Error, ErrorKind, FollowUpOptions, Image, LaunchOptions, Nomic,
    http::transport::{Failure, Request},
};
use serde_json::json;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// What becomes of one launch, in seconds.
#[derive(Clone, Copy)]
struct Fate {
    /// After how long its agent is made, if ever.
    made: Option<f64>,
    /// After how long it is answered, or the connection breaks.
    ends: f64,
    lost: bool,
}

const SOUND: Fate = Fate { made: Some(0.1), ends: 0.2, lost: false };
const LOST: Fate = Fate { lost: true, ..SOUND };
const NEVER: Fate = Fate { made: None, ..LOST };

struct Made {
    id: String,
    /// Absent if it was launched without one.
    prompt: Option<String>,
    workflow: Option<String>,
    project: Option<String>,
    /// Seconds since the platform began; before it, for what is older.
    at: f64,
}

/// A platform that several clients share.
#[derive(Clone)]
struct Platform {
    began: Instant,
    /// What its clock shows at its beginning.
    epoch: jiff::Timestamp,
    /// By how many seconds its `Date` differs, if it tells one.
    date: Option<f64>,
    /// How much later lists show what was made.
    lag: f64,
    /// How long it takes to read a list.
    slow: f64,
    /// What stands as the question where there was no prompt, if anything does.
    own_words: Option<&'static str>,
    /// The project of agents that were given none.
    default_project: Option<&'static str>,
    agents: Arc<Mutex<Vec<Made>>>,
}

impl Platform {
    fn new() -> Self {
        let epoch = "2026-01-01T00:00:00Z".parse().unwrap();
        Self {
            began: Instant::now(),
            epoch,
            date: Some(0.0),
            lag: 0.0,
            slow: 0.0,
            own_words: None,
            default_project: None,
            agents: Arc::default(),
        }
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn at(&self, seconds: f64) -> jiff::Timestamp {
        self.epoch + jiff::SignedDuration::from_secs_f64(seconds)
    }

    fn make(&self, prompt: &str, at: f64) -> String {
        self.make_of([Some(prompt), None, None], at)
    }

    /// With a prompt, a workflow and a project.
    fn make_of(&self, sent: [Option<&str>; 3], at: f64) -> String {
        let mut agents = self.agents.lock().unwrap();
        let id = format!("a{}", agents.len());
        let [prompt, workflow, project] = sent.map(|text| text.map(str::to_owned));
        let project = project.or_else(|| self.default_project.map(str::to_owned));
        agents.push(Made { id: id.clone(), prompt, workflow, project, at });
        id
    }

    fn json(&self, made: &Made) -> serde_json::Value {
        json!({"id": made.id, "status": "running", "workflowId": made.workflow, "projectId": made.project, "files": [],
               "createdAt": self.at(made.at).to_string(), "updatedAt": self.at(made.at).to_string()})
    }

    /// A client whose n-th launch has the n-th fate, and later ones are sound.
    fn client(&self, fates: Vec<Fate>) -> (Nomic, Arc<Mutex<Vec<String>>>) {
        // What is proved here is not how launches are paced.
        self.client_with(ClientOptions::default().pace(false), fates)
    }

    fn client_with(&self, options: ClientOptions, fates: Vec<Fate>) -> (Nomic, Arc<Mutex<Vec<String>>>) {
        let platform = self.clone();
        client_with(options, move |call, made, request| {
            let reply = platform.answer(call, fates.get(made).copied().unwrap_or(SOUND), request);
            let date = platform.date.map(|off| platform.at(platform.now() + off));
            let date = date.map(|date| ("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
            Reply { headers: date.into_iter().collect(), ..reply }
        })
    }

    fn answer(&self, call: &str, fate: Fate, request: &Request) -> Reply {
        if call == "POST /agents" {
            let body = format!("{:?}", request.payload);
            let sent = |name: &str| body.split(&format!("\\\"{name}\\\":\\\"")).nth(1)?.split("\\\"").next();
            let parts = ["text", "workflowId", "projectId"].map(sent);
            let id = fate.made.map(|after| self.make_of(parts, self.now() + after));
            let body = json!({"data": {"id": id, "status": "waiting"}}).to_string();
            let body = if fate.lost { String::new() } else { body };
            return Reply { after: fate.ends, ..reply(201, body) };
        }
        let agents = self.agents.lock().unwrap();
        let shown = |made: &&Made| made.at + self.lag <= self.now();
        match call.trim_start_matches("GET /agents").split('/').collect::<Vec<_>>().as_slice() {
            [""] => {
                let mut shown = agents.iter().filter(shown).collect::<Vec<_>>();
                shown.sort_by(|a, b| b.at.total_cmp(&a.at));
                let cursor =
                    request.url.query_pairs().find(|(name, _)| name == "cursor").map(|(_, at)| at.into_owned());
                let from: usize = cursor.map_or(0, |at| at.parse().unwrap());
                let page = shown.iter().skip(from).take(100).map(|made| self.json(made)).collect::<Vec<_>>();
                let next = (shown.len() > from + 100).then(|| (from + 100).to_string());
                Reply { after: self.slow, ..reply(200, json!({"data": page, "nextCursor": next}).to_string()) }
            }
            ["", id, rest @ ..] => match agents.iter().filter(shown).find(|made| made.id == *id) {
                Some(made) if rest == ["conversation"] => {
                    let question = made.prompt.as_deref().or(self.own_words);
                    let rows = question.map(|text| json!({"type": "user", "text": text}));
                    let said = json!({"type": "assistant", "text": "I have begun"});
                    let rows = rows.into_iter().chain([said]).collect::<Vec<_>>();
                    reply(200, json!({"data": {"messages": rows}}).to_string())
                }
                Some(made) => reply(200, json!({"data": self.json(made)}).to_string()),
                None => reply(404, r#"{"error":"Agent not found"}"#),
            },
            _ => panic!("{call}"),
        }
    }

    fn made(&self) -> usize {
        self.agents.lock().unwrap().len()
    }
}

async fn launch(nomic: &Nomic, prompt: &str) -> Result<AgentRun, Error> {
    nomic.agents().launch(LaunchOptions::default().prompt(prompt), vec![], None).await
}

fn candidates(error: &Error) -> Vec<&str> {
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    error.detail("candidates").unwrap().as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn l01_what_lists_show_late_and_what_is_made_late_is_found_in_the_time_to_settle() {
    for (lag, made) in [(0.0, 0.1), (5.0, 0.1), (0.0, 20.0), (5.0, 20.0)] {
        let platform = Platform { lag, ..Platform::new() };
        let (nomic, seen) = platform.client(vec![Fate { made: Some(made), ..LOST }]);
        let began = Instant::now();
        let run = launch(&nomic, "Look").await.unwrap();
        assert!(run.recovered() && began.elapsed().as_secs_f64() < lag + made + 3.0, "{:?}", began.elapsed());
        assert_eq!((run.id(), count(&seen, "POST /agents"), platform.made()), ("a0", 1, 1));
        assert!(run.explain().contains("found after its answer was lost"), "{}", run.explain());
    }
}

#[tokio::test(start_paused = true)]
async fn n14_time_is_kept_to_look_for_a_launch_whose_answer_does_not_come() {
    let silent = Fate { ends: 1e6, ..LOST };
    for timeout in [1.0, 8.0, 60.0, 90.0] {
        let platform = Platform { slow: 0.1, ..Platform::new() };
        let (nomic, seen) = platform.client(vec![silent, Fate { made: None, ..silent }]);
        let options = |prompt: &str| LaunchOptions::default().prompt(prompt).timeout(timeout);
        let run = nomic.agents().launch(options("Look"), vec![], None).await.unwrap();
        assert_eq!((run.id(), run.recovered(), count(&seen, "POST /agents")), ("a0", true, 1));
        let error = nomic.agents().launch(options("Other"), vec![], None).await.unwrap_err();
        assert!(candidates(&error).is_empty() && error.message.contains("It was looked for during"), "{error}");
        assert!(error.elapsed <= timeout, "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n14_the_queue_takes_nothing_of_the_time_to_look() {
    let platform = Platform::new();
    let fates = (0..30).map(|_| SOUND).chain([Fate { ends: 1e6, ..LOST }]).collect();
    let (nomic, seen) = platform.client_with(ClientOptions::default(), fates);
    for sound in join_all((0..30).map(|_| launch(&nomic, "Sound"))).await {
        sound.unwrap();
    }
    let began = Instant::now();
    let run = nomic.agents().launch(LaunchOptions::default().prompt("Look").timeout(80.0), vec![], None).await.unwrap();
    assert_eq!((run.id(), run.recovered(), count(&seen, "POST /agents")), ("a30", true, 31));
    assert!((60.0..=80.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn n14_time_is_kept_to_look_for_what_has_images() {
    let images = || nomkit::Attachments { images: vec![Image::bytes(&b"GIF89a"[..])], ..Default::default() };
    for timeout in [None, Some(60.0)] {
        let platform = Platform { own_words: Some("Look"), ..Platform::new() };
        let (nomic, seen) = platform.client(vec![Fate { ends: 1e6, ..LOST }]);
        let mut options = LaunchOptions::default().prompt("Look");
        options.timeout = timeout;
        let run = nomic.agents().launch(options, images(), None).await.unwrap();
        assert_eq!((run.id(), run.recovered(), count(&seen, "POST /agents")), ("a0", true, 1), "{timeout:?}");
    }
    for timeout in [None, Some(60.0)] {
        let (nomic, seen) = client(|call, made, _| match call {
            "POST /agents/a/followup" => Reply { after: 1e6, ..reply(202, "") },
            "GET /agents/a" => reply(200, r#"{"data":{"id":"a","status":"finished"}}"#),
            _ => {
                let words = ["Look", "Again"].iter().take(if made < 2 { 1 } else { 2 });
                let rows = words.map(|text| json!({"type": "user", "text": text})).collect::<Vec<_>>();
                reply(200, json!({"data": {"messages": rows}}).to_string())
            }
        });
        let run = nomic.agents().attach("a").await.unwrap();
        let mut options = FollowUpOptions::default().prompt("Again");
        options.timeout = timeout;
        let again = run.follow_up(options, images().images).await.unwrap();
        assert_eq!((again.turn(), again.recovered(), count(&seen, "POST /agents/a/followup")), (2, true, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn l02_what_comes_later_is_told_when_the_same_is_launched_again() {
    let platform = Platform::new();
    let (nomic, seen) = platform.client(vec![Fate { made: Some(45.0), ..LOST }]);
    let events = nomic.listen();
    let began = Instant::now();
    let error = launch(&nomic, "Look").await.unwrap_err();
    assert!((28.0..32.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    assert!(candidates(&error).is_empty());
    // Not there yet: nothing can be told of it.
    assert!(!launch(&nomic, "Look").await.unwrap().explain().contains("left alone"));
    sleep(Duration::from_secs(30)).await;
    assert!(!launch(&nomic, "Something else").await.unwrap().explain().contains("left alone"));
    let told = launch(&nomic, "Look").await.unwrap();
    assert!(told.explain().contains("agent a0") && told.explain().contains("left alone"), "{}", told.explain());
    assert!(!launch(&nomic, "Look").await.unwrap().explain().contains("left alone"), "told once");
    let twins = events.drain().into_iter().filter(|event| event.kind.as_str() == "twin").collect::<Vec<_>>();
    assert_eq!(twins.iter().map(|twin| twin.agent_id.as_deref()).collect::<Vec<_>>(), [Some("a0")]);
    assert_eq!((count(&seen, "POST /agents"), platform.made()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn l05_a_launch_that_its_caller_left_is_told_too() {
    let platform = Platform::new();
    let (nomic, seen) = platform.client(vec![Fate { ends: 50.0, ..SOUND }]);
    let left = tokio::time::timeout(Duration::from_secs(1), launch(&nomic, "Look")).await;
    assert!(left.is_err());
    let run = launch(&nomic, "Look").await.unwrap();
    assert_eq!((run.id(), run.recovered(), count(&seen, "POST /agents")), ("a1", false, 2));
    assert!(run.explain().contains("agent a0"), "{}", run.explain());
}

#[tokio::test(start_paused = true)]
async fn c21_clocks_that_are_hours_apart_do_not_matter() {
    for hours in [-24, -5, 5, 24] {
        let mut platform = Platform::new();
        platform.epoch = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        // The same was asked yesterday, and a minute ago.
        platform.make("Look", -86_400.0);
        platform.make("Look", -60.0);
        let (nomic, _) = platform.client(vec![LOST, NEVER]);
        let run = launch(&nomic, "Look").await.unwrap();
        assert_eq!((run.id(), run.recovered()), ("a2", true), "{hours}");
        assert!(candidates(&launch(&nomic, "Look").await.unwrap_err()).is_empty(), "{hours}");
    }
}

#[tokio::test(start_paused = true)]
async fn c22_without_a_date_nothing_is_taken_whatever_this_machines_clock_shows() {
    for hours in [-24, -1, 0, 1, 24] {
        let epoch = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        let platform = Platform { date: None, epoch, ..Platform::new() };
        platform.make("Look", -1800.0);
        let (nomic, seen) = platform.client(vec![NEVER, LOST, LOST]);
        assert_eq!(candidates(&launch(&nomic, "Look").await.unwrap_err()), ["a0"], "{hours}");
        assert_eq!(candidates(&launch(&nomic, "Look").await.unwrap_err()), ["a1", "a0"], "{hours}");
        assert_eq!(candidates(&launch(&nomic, "Else").await.unwrap_err()), ["a2"], "{hours}");
        // Nor is an old one told for a twin.
        let run = launch(&nomic, "Look").await.unwrap();
        assert!(!run.recovered() && !run.explain().contains("left alone"), "{}", run.explain());
        assert_eq!((count(&seen, "POST /agents"), platform.made()), (4, 4));
    }
}

#[tokio::test(start_paused = true)]
async fn c22_a_date_that_is_behind_what_was_made_is_not_believed() {
    let platform = Platform { date: Some(-3600.0), ..Platform::new() };
    platform.make("Look", -1800.0);
    let (nomic, _) = platform.client(vec![NEVER]);
    assert_eq!(candidates(&launch(&nomic, "Look").await.unwrap_err()), ["a0"]);
    // One that is before its time makes everything old.
    let platform = Platform { date: Some(3600.0), ..Platform::new() };
    let (nomic, _) = platform.client(vec![LOST]);
    assert!(candidates(&launch(&nomic, "Look").await.unwrap_err()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn l03_equal_launches_in_flight_never_share_an_agent() {
    for seed in 0..10 {
        let mut random = fastrand::Rng::with_seed(seed);
        let platform = Platform { lag: 2.0, ..Platform::new() };
        let mut fates = (0..50)
            .map(|at| {
                let made = random.f64() * 3.0;
                Fate { made: Some(made), ends: made + random.f64() * 5.0, lost: at < 7 }
            })
            .collect::<Vec<_>>();
        random.shuffle(&mut fates);
        let (nomic, seen) = platform.client(fates);
        let runs = join_all((0..50).map(|_| launch(&nomic, "Look"))).await;
        let runs = runs.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(runs.iter().filter(|run| run.recovered()).count(), 7);
        assert_eq!(runs.iter().map(AgentRun::id).collect::<HashSet<_>>().len(), 50);
        assert_eq!((count(&seen, "POST /agents"), platform.made()), (50, 50));
    }
}

#[tokio::test(start_paused = true)]
async fn l03_an_outage_is_looked_into_once_for_all() {
    // The server makes nothing, and breaks off 100 launches of different questions.
    let platform = Platform::new();
    let (nomic, seen) = platform.client(vec![NEVER; 100]);
    let asked = (0..100).map(|at| format!("Question {at}")).collect::<Vec<_>>();
    let results = join_all(asked.iter().map(|prompt| launch(&nomic, prompt))).await;
    assert!(results.iter().all(|result| candidates(result.as_ref().unwrap_err()).is_empty()));
    assert_eq!(count(&seen, "POST /agents"), 100);
    // About one a second, as for a single one.
    assert!(count(&seen, "GET /agents") <= 80, "{}", count(&seen, "GET /agents"));
}

#[tokio::test(start_paused = true)]
async fn l03_a_caller_that_does_not_come_back_to_its_launch_keeps_no_other_from_being_found() {
    let platform = Platform { slow: 1.0, ..Platform::new() };
    let (nomic, seen) = platform.client(vec![LOST; 3]);
    let mut left = std::pin::pin!(launch(&nomic, "Left"));
    // It is in the middle of its look, and is not polled any more.
    assert!(tokio::time::timeout(Duration::from_secs_f64(0.7), &mut left).await.is_err());
    let began = Instant::now();
    for (text, id) in [("One", "a1"), ("Two", "a2")] {
        let run = launch(&nomic, text).await.unwrap();
        assert_eq!((run.id(), run.recovered()), (id, true));
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // It goes on where it was.
    let run = left.await.unwrap();
    assert_eq!((run.id(), run.recovered(), count(&seen, "POST /agents")), ("a0", true, 3));
}

#[tokio::test(start_paused = true)]
async fn l03_what_is_kept_for_a_caller_that_does_not_come_back_is_told_to_an_equal_launch() {
    let platform = Platform { slow: 1.0, ..Platform::new() };
    let (nomic, _) = platform.client(vec![LOST, NEVER]);
    let mut left = std::pin::pin!(launch(&nomic, "Look"));
    assert!(tokio::time::timeout(Duration::from_secs_f64(0.7), &mut left).await.is_err());
    assert_eq!(candidates(&launch(&nomic, "Look").await.unwrap_err()), ["a0"]);
    assert_eq!(left.await.unwrap().id(), "a0");
}

#[tokio::test(start_paused = true)]
async fn l03_what_an_equal_launch_has_got_is_told_to_nobody() {
    let platform = Platform::new();
    let (nomic, _) = platform.client(vec![LOST, NEVER]);
    let (first, second) = tokio::join!(launch(&nomic, "Look"), launch(&nomic, "Look"));
    assert_eq!(first.unwrap().id(), "a0");
    assert!(candidates(&second.unwrap_err()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn l04_two_processes_never_take_each_others_agents() {
    let platform = Platform::new();
    let (one, two) = (platform.client(vec![LOST, LOST]).0, platform.client(vec![LOST, LOST]).0);
    // Different questions are told apart.
    let (first, second) = tokio::join!(launch(&one, "One"), launch(&two, "Two"));
    assert_eq!((first.unwrap().id(), second.unwrap().id()), ("a0", "a1"));
    // Equal ones are not.
    let (first, second) = tokio::join!(launch(&one, "Look"), launch(&two, "Look"));
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(candidates(&error), ["a2", "a3"]);
        assert!(error.message.contains("agents.attach"), "{error}");
    }
    assert_eq!(platform.made(), 4);
}

async fn run_workflow(nomic: &Nomic, prompt: Option<&str>) -> Result<AgentRun, Error> {
    let options = LaunchOptions { prompt: prompt.map(str::to_owned), ..LaunchOptions::default() };
    nomic.agents().launch(options.workflow_id("w"), vec![], None).await
}

#[tokio::test(start_paused = true)]
async fn l04_a_workflow_with_a_prompt_and_without_one_are_told_apart() {
    for own_words in [None, Some("Run the workflow")] {
        // Both are lost, and in the order of either.
        for fates in [[LOST, LOST], [NEVER, LOST], [LOST, NEVER]] {
            let platform = Platform { own_words, ..Platform::new() };
            let (nomic, _) = platform.client(fates.to_vec());
            let (silent, asked) = tokio::join!(run_workflow(&nomic, None), run_workflow(&nomic, Some("Look")));
            let ids = fates.map(|fate| fate.made.is_some());
            let made = if ids[0] { ["a0", "a1"] } else { ["-", "a0"] };
            match asked {
                Ok(run) => assert_eq!((ids[1], run.id()), (true, made[1])),
                Err(error) => assert_eq!((ids[1], candidates(&error)), (false, vec![])),
            }
            match (silent, own_words) {
                // What its conversation begins with may be anybody's question, so none is taken.
                (Err(error), Some(_)) if ids[0] => assert_eq!(candidates(&error), [made[0]]),
                (Err(error), _) => assert_eq!((ids[0], candidates(&error)), (false, vec![])),
                (Ok(run), _) => assert_eq!((own_words, ids[0], run.id()), (None, true, made[0])),
            }
        }
        // Another process's is not taken either.
        let platform = Platform { own_words, ..Platform::new() };
        let (one, two) = (platform.client(vec![NEVER]).0, platform.client(vec![SOUND]).0);
        let (silent, asked) = tokio::join!(run_workflow(&one, None), run_workflow(&two, Some("Look")));
        assert_eq!((candidates(&silent.unwrap_err()), asked.unwrap().id()), (vec!["a0"], "a0"));
    }
}

#[tokio::test(start_paused = true)]
async fn l01_a_project_that_the_platform_chose_does_not_matter_and_one_that_was_given_does() {
    let platform = Platform { default_project: Some("own"), ..Platform::new() };
    let (nomic, _) = platform.client(vec![LOST, NEVER, LOST, LOST, LOST]);
    let within = |project: &'static str| {
        let (agents, options) = (nomic.agents(), LaunchOptions::default().prompt("Look").project_id(project));
        async move { agents.launch(options, vec![], None).await }
    };
    assert_eq!(launch(&nomic, "Look").await.unwrap().id(), "a0");
    // Somebody's in another project is not taken for it.
    platform.make_of([Some("Look"), None, Some("p")], 31.0);
    assert!(candidates(&within("q").await.unwrap_err()).is_empty());
    sleep(Duration::from_secs(600)).await;
    assert_eq!(within("p").await.unwrap().id(), "a2");
    // What was launched without a project may be in any.
    sleep(Duration::from_secs(10)).await;
    let (with, without) = tokio::join!(within("p"), launch(&nomic, "Look"));
    assert_eq!(candidates(&with.unwrap_err()), ["a3"]);
    let mut both = candidates(&without.unwrap_err()).into_iter().map(str::to_owned).collect::<Vec<_>>();
    both.sort();
    assert_eq!(both, ["a3", "a4"]);
}

#[tokio::test(start_paused = true)]
async fn l01_a_busy_account_is_read_as_far_back_as_needed() {
    let platform = Platform::new();
    let (nomic, seen) = platform.client(vec![Fate { ends: 20.0, ..LOST }]);
    let launched = launch(&nomic, "Look");
    let others = async {
        for at in 0..250 {
            sleep(Duration::from_millis(70)).await;
            platform.make(&format!("Other {at}"), platform.now());
        }
        // And far more from before.
        (0..1000).for_each(|_| drop(platform.make("Look", -1000.0)));
    };
    let (run, ()) = tokio::join!(launched, others);
    assert_eq!(run.unwrap().id(), "a0");
    assert!((3..=4).contains(&count(&seen, "GET /agents")), "{}", count(&seen, "GET /agents"));
}

#[tokio::test(start_paused = true)]
async fn l01_what_cannot_be_looked_for_is_said_so() {
    let gone = |status: u16| {
        client(move |call, _, _| match call {
            "POST /agents" => lost(Failure::after_send(ErrorKind::Transport, "The connection broke")),
            _ => reply(status, r#"{"error":"No"}"#),
        })
    };
    // One more look would end the same.
    let (nomic, seen) = gone(401);
    let error = launch(&nomic, "Look").await.unwrap_err();
    assert!(candidates(&error).is_empty() && error.message.contains("could not be looked for"), "{error}");
    assert_eq!((count(&seen, "POST /agents"), count(&seen, "GET /agents")), (1, 1));
    let (nomic, seen) = gone(500);
    let began = Instant::now();
    let error = launch(&nomic, "Look").await.unwrap_err();
    assert!(error.message.contains("could not be looked for") && error.message.contains("agents.list"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(35) && count(&seen, "POST /agents") == 1);
}

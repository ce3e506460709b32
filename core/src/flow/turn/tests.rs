//! A model of the platform, with all its documented delays, against the machine, in virtual time.

use super::*;
use proptest::prelude::*;

const SECOND: f64 = 1.0;

/// One turn on the platform, times in seconds after its POST.
#[derive(Debug, Clone)]
struct World {
    /// How long the previous status and time of change go on being shown.
    stale: f64,
    /// How long the turn takes.
    takes: f64,
    /// How much later rows appear than they are written.
    lag: f64,
    ending: AgentStatus,
    previous: AgentStatus,
}

impl World {
    fn plain() -> Self {
        Self { stale: 0.0, takes: 3.0, lag: 0.0, ending: AgentStatus::Finished, previous: AgentStatus::Finished }
    }

    fn agent(&self, at: f64) -> (AgentStatus, Option<Timestamp>) {
        if at < self.stale {
            (self.previous.clone(), moment(0.0))
        } else if at < self.takes {
            (AgentStatus::Running, moment(100.0))
        } else {
            (self.ending.clone(), moment(100.0 + self.takes))
        }
    }

    fn rows(&self, at: f64) -> Vec<Message> {
        let mut rows = vec![row(Role::User, "one"), row(Role::Assistant, "answer one")];
        if at >= self.lag {
            rows.push(row(Role::User, "two"));
        }
        if at >= self.takes + self.lag && self.ending == AgentStatus::Finished {
            rows.extend([row(Role::Tool, "looked"), row(Role::Assistant, "answer two")]);
        }
        rows
    }
}

fn moment(seconds: f64) -> Option<Timestamp> {
    jiff::Timestamp::from_microsecond(((1000.0 + seconds) * 1e6) as i64).ok().map(Timestamp)
}

fn row(role: Role, text: &str) -> Message {
    Message { id: None, role, text: text.into(), created_at: None, extra: Default::default() }
}

fn second_turn() -> Baseline {
    Baseline { users: 1, updated_at: moment(0.0), accepted_at: moment(0.0), asked: Some(fingerprint("two")) }
}

fn first_turn() -> Baseline {
    Baseline { users: 0, updated_at: None, accepted_at: None, asked: Some(fingerprint("one")) }
}

/// Plays the machine to its end; gives the last step, what it says, and when.
fn play(world: &World, baseline: Baseline, round_trip: f64) -> (Step, String, f64) {
    let now = |at: f64| Duration::from_secs_f64(at);
    let mut turn = Turn::new(baseline, now(0.0));
    let (mut at, mut step) = (0.0, turn.start(0.5));
    for _ in 0..10_000 {
        step = match step {
            Step::Agent(pause) => {
                at += pause.as_secs_f64() + round_trip;
                let (status, updated_at) = world.agent(at);
                turn.saw_agent(&status, updated_at, 0.5)
            }
            Step::Conversation => {
                at += round_trip;
                turn.saw_conversation(&world.rows(at), now(at), 0.5)
            }
            Step::Over(ending, range) => {
                let rows = world.rows(at);
                let said = rows[range.clone()].iter().filter(|row| row.role == Role::Assistant);
                let text = said.map(|row| row.text.clone()).collect::<Vec<_>>().join("\n");
                return (Step::Over(ending, range), text, at);
            }
            Step::Lost(lost) => return (Step::Lost(lost), String::new(), at),
        };
    }
    panic!("the machine does not end: {world:?}");
}

#[test]
fn a_plain_turn_gives_its_own_answer() {
    let (step, text, _) = play(&World::plain(), second_turn(), 0.05);
    assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 3..5), "answer two"));
}

#[test]
fn a_lingering_finished_is_not_believed() {
    let world = World { stale: 3.0, takes: 5.0, ..World::plain() };
    let (step, text, at) = play(&world, second_turn(), 0.05);
    assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 3..5), "answer two"));
    assert!(at < 5.0 + 4.0 * SECOND, "{at}");
}

#[test]
fn a_turn_too_fast_to_be_seen_costs_neither_a_hang_nor_half_a_minute() {
    for stale in [0.0, 2.0] {
        let world = World { stale, takes: 0.0, ..World::plain() };
        let (step, text, at) = play(&world, second_turn(), 0.05);
        assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 3..5), "answer two"));
        assert!(at < stale + 3.0 * SECOND, "{at}");
    }
}

#[test]
fn a_turn_that_was_over_when_its_request_was_answered_costs_a_while_and_no_hang() {
    let world = World { takes: 0.0, ..World::plain() };
    let baseline = Baseline { accepted_at: moment(100.0), ..second_turn() };
    let (step, text, at) = play(&world, baseline, 0.05);
    assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 3..5), "answer two"));
    assert!(at < 14.0 * SECOND, "{at}");
}

#[test]
fn a_snapshot_that_lingers_beyond_the_answer_is_not_given_with_it() {
    // Its artifacts would be the previous turn's.
    let world = World { stale: 12.0, takes: 1.0, ..World::plain() };
    let (step, text, at) = play(&world, second_turn(), 0.05);
    assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 3..5), "answer two"));
    assert!((12.0..15.0).contains(&at), "{at}");
}

#[test]
fn artifacts_belong_to_the_turn_that_made_them() {
    let artifact = |at: Option<f64>| ArtifactRef {
        id: "a".into(),
        name: None,
        kind: None,
        created_at: moment(0.0),
        updated_at: at.and_then(moment),
        extra: Default::default(),
    };
    let in_second = |at| is_made_in(&artifact(at), moment(10.0), moment(20.0), &[]);
    assert_eq!([Some(9.0), Some(10.0), Some(15.0), Some(20.0)].map(in_second), [false, true, true, false]);
    assert!(is_made_in(&artifact(Some(9.0)), None, None, &[]));
    let timeless = ArtifactRef { created_at: None, ..artifact(None) };
    assert!(is_made_in(&timeless, moment(10.0), None, &[]));
    assert!(!is_made_in(&timeless, moment(10.0), None, std::slice::from_ref(&timeless.id)));
}

#[test]
fn late_rows_are_waited_for() {
    let world = World { lag: 4.0, takes: 1.0, ..World::plain() };
    let (_, text, _) = play(&world, second_turn(), 0.05);
    assert_eq!(text, "answer two");
}

#[test]
fn an_answer_that_never_comes_is_an_error_within_bounds() {
    let world = World { lag: 1e9, takes: 1.0, ..World::plain() };
    let (step, _, at) = play(&world, second_turn(), 0.05);
    assert!(matches!(step, Step::Lost(_)) && at < 65.0, "{step:?} at {at}");
    let first = first_turn();
    let mute = World { lag: 1e9, ..World::plain() };
    let mut turn = Turn::new(first, Duration::ZERO);
    turn.saw_agent(&AgentStatus::Finished, None, 0.5);
    assert_eq!(turn.saw_conversation(&[], Duration::from_secs(1), 0.5), Step::Agent(Duration::from_millis(250)));
    turn.saw_agent(&AgentStatus::Finished, None, 0.5);
    assert_eq!(turn.saw_conversation(&[], Duration::from_secs(32), 0.5), Step::Lost(Lost::Unseen), "{mute:?}");
}

#[test]
fn failure_and_stop_are_told_as_such_even_after_one_like_it() {
    for ending in [AgentStatus::Failed, AgentStatus::Stopped] {
        for previous in [AgentStatus::Finished, ending.clone()] {
            let world = World { ending: ending.clone(), previous, stale: 2.0, ..World::plain() };
            let (step, ..) = play(&world, second_turn(), 0.05);
            let expected = if ending == AgentStatus::Failed { Ending::Failed } else { Ending::Stopped };
            assert_eq!(step, Step::Over(expected, 3..3), "{world:?}");
        }
    }
}

#[test]
fn somebody_elses_question_in_our_place_is_not_ours() {
    let baseline = Baseline { asked: Some(fingerprint("something else")), ..second_turn() };
    let (step, ..) = play(&World::plain(), baseline, 0.05);
    assert_eq!(step, Step::Lost(Lost::Foreign));
}

#[test]
fn the_first_turn_keeps_its_answer_when_a_second_has_begun() {
    let first = first_turn();
    let (step, text, _) = play(&World::plain(), first, 0.05);
    assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 1..2), "answer one"));
}

#[test]
fn a_first_remark_beside_a_lingering_status_is_not_the_answer() {
    // The request itself counted as a change; then the old status lingers while the agent looks at its files.
    for status in [AgentStatus::Finished, AgentStatus::Failed, AgentStatus::Stopped] {
        let mut turn = Turn::new(second_turn(), Duration::ZERO);
        let mut rows = World::plain().rows(0.0);
        rows.push(row(Role::Assistant, "Let me look at the files"));
        turn.baseline.accepted_at = moment(1.0);
        for at in 1..9 {
            turn.saw_agent(&status, moment(1.0), 0.5);
            let step = turn.saw_conversation(&rows, Duration::from_secs(at), 0.5);
            assert!(matches!(step, Step::Agent(_)), "{status} {at}");
        }
    }
}

#[test]
fn an_unknown_status_is_work_in_progress() {
    let mut turn = Turn::new(second_turn(), Duration::ZERO);
    let step = turn.saw_agent(&AgentStatus::Other("queued_v2".into()), None, 0.5);
    assert!(matches!(step, Step::Agent(_)));
}

#[test]
fn a_half_written_answer_beside_a_lingering_status_is_not_taken() {
    let mut turn = Turn::new(second_turn(), Duration::ZERO);
    let mut rows = World::plain().rows(0.0);
    for (at, text) in [(1, "half"), (2, "half an"), (3, "half an answer")] {
        rows.truncate(3);
        rows.push(row(Role::Assistant, text));
        turn.saw_agent(&AgentStatus::Finished, moment(0.0), 0.5);
        let step = turn.saw_conversation(&rows, Duration::from_secs(at), 0.5);
        assert!(matches!(step, Step::Agent(_)), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_delay_ever_gives_an_older_answer(stale in 0f64..30.0, takes in 0f64..5.0, lag in 0f64..3.0, round_trip in 0.001f64..1.0) {
        let world = World { stale, takes, lag, ..World::plain() };
        let (step, text, at) = play(&world, second_turn(), round_trip);
        prop_assert_eq!(text, "answer two", "{:?} {:?}", step, world);
        prop_assert!(at < stale.max(takes + lag) + 12.0, "{} {:?}", at, world);
    }
}

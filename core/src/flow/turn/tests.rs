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
    let (mut at, mut looked, mut step) = (0.0, 0.0, turn.start(0.5));
    for _ in 0..10_000 {
        step = match step {
            Step::Agent(pause) => {
                looked = at + pause.as_secs_f64();
                at = looked + round_trip;
                let (status, updated_at) = world.agent(at);
                turn.saw_agent(&status, updated_at, 0.5)
            }
            Step::Conversation => {
                at += round_trip;
                turn.saw_conversation(&world.rows(at), now(looked), now(at), 0.5)
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
    for stale in [12.0, 20.0, 50.0] {
        let world = World { stale, takes: 1.0, ..World::plain() };
        let (step, text, at) = play(&world, second_turn(), 0.05);
        assert_eq!((step, text.as_str()), (Step::Over(Ending::Finished, 3..5), "answer two"));
        assert!((stale..stale + 3.0).contains(&at), "{at}");
    }
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
    assert_eq!(
        turn.saw_conversation(&[], Duration::from_secs(1), Duration::from_secs(1), 0.5),
        Step::Agent(Duration::from_millis(250))
    );
    turn.saw_agent(&AgentStatus::Finished, None, 0.5);
    assert_eq!(
        turn.saw_conversation(&[], Duration::from_secs(32), Duration::from_secs(32), 0.5),
        Step::Lost(Lost::Unseen),
        "{mute:?}"
    );
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
            let step = turn.saw_conversation(&rows, Duration::from_secs(at), Duration::from_secs(at), 0.5);
            assert!(matches!(step, Step::Agent(_)), "{status} {at}");
        }
    }
}

#[test]
fn a_conversation_that_was_long_on_its_way_makes_no_status_younger() {
    let (soon, late) = (Duration::from_secs(1), Duration::from_secs(61));
    for status in [AgentStatus::Finished, AgentStatus::Failed, AgentStatus::Stopped] {
        let mut turn = Turn::new(second_turn(), Duration::ZERO);
        let mut rows = World::plain().rows(0.0);
        rows.push(row(Role::Assistant, "Let me look at the files"));
        turn.saw_agent(&status, moment(0.0), 0.5);
        let step = turn.saw_conversation(&rows, soon, late, 0.5);
        assert!(matches!(step, Step::Agent(_)), "{status}: {step:?}");
        // Nor does what it said count as still: it was read only a moment before this look.
        turn.saw_agent(&status, moment(0.0), 0.5);
        let step = turn.saw_conversation(&rows, late + soon, late + soon, 0.5);
        assert!(status != AgentStatus::Finished || !matches!(step, Step::Over(..)), "{step:?}");
    }
}

#[test]
fn an_answer_that_a_tool_row_follows_counts_once_nothing_can_linger_any_more() {
    let mut turn = Turn::new(second_turn(), Duration::ZERO);
    // The turn was over before the request was answered, so nothing moves later.
    turn.baseline.accepted_at = moment(1.0);
    let mut rows = World::plain().rows(0.0);
    rows.extend([row(Role::Assistant, "Done"), row(Role::Tool, "Saved")]);
    for at in [1, 30, 59] {
        turn.saw_agent(&AgentStatus::Finished, moment(1.0), 0.5);
        let step = turn.saw_conversation(&rows, Duration::from_secs(at), Duration::from_secs(at), 0.5);
        assert!(matches!(step, Step::Agent(_)), "{at}: {step:?}");
    }
    turn.saw_agent(&AgentStatus::Finished, moment(1.0), 0.5);
    let step = turn.saw_conversation(&rows, Duration::from_secs(61), Duration::from_secs(61), 0.5);
    assert!(matches!(step, Step::Over(Ending::Finished, _)), "{step:?}");
}

#[test]
fn a_launch_without_a_question_keeps_what_it_said_before_the_next_one() {
    let first = Baseline { users: 0, updated_at: None, accepted_at: None, asked: None };
    let mut turn = Turn::new(first, Duration::ZERO);
    let rows = [row(Role::Assistant, "First"), row(Role::User, "And then?"), row(Role::Assistant, "Second")];
    turn.saw_agent(&AgentStatus::Finished, moment(9.0), 0.5);
    let step = turn.saw_conversation(&rows, Duration::from_secs(1), Duration::from_secs(1), 0.5);
    assert_eq!(step, Step::Over(Ending::Finished, 0..1));
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
        let step = turn.saw_conversation(&rows, Duration::from_secs(at), Duration::from_secs(at), 0.5);
        assert!(matches!(step, Step::Agent(_)), "{text}");
    }
}

#[test]
fn a_question_was_there_before_if_it_was_written_before_the_agent_last_changed() {
    // Another process asked the same, and its row showed only after this turn's rows were counted.
    let baseline = Baseline { updated_at: moment(50.0), accepted_at: moment(60.0), ..second_turn() };
    let rows = |theirs: Option<f64>| {
        let rows = [
            (Role::User, "one", Some(0.0)),
            (Role::Assistant, "answer one", Some(10.0)),
            (Role::User, "two", theirs),
            (Role::Assistant, "answer to them", Some(49.0)),
            (Role::User, "two", Some(60.0)),
            (Role::Assistant, "answer two", Some(70.0)),
        ];
        rows.map(|(role, text, at)| Message { created_at: at.and_then(moment), ..row(role, text) })
    };
    let own = |theirs| {
        let mut turn = Turn::new(baseline.clone(), Duration::ZERO);
        look(&mut turn, &AgentStatus::Finished, 70.0, &rows(theirs), 1)
    };
    assert_eq!(
        [Some(40.0), Some(43.9)].map(own),
        [Step::Over(Ending::Finished, 5..6), Step::Over(Ending::Finished, 5..6)]
    );
    // It may be this turn's: written about that moment, by clocks that differ or are cut off, or nobody knows when.
    for theirs in [Some(50.0), Some(49.0), Some(44.0), None] {
        assert_eq!(own(theirs), Step::Over(Ending::Finished, 3..4), "{theirs:?}");
    }
}

#[test]
fn a_greeting_is_no_answer_to_the_question_that_follows_it() {
    let rows = [row(Role::Assistant, "Hello"), row(Role::User, "one"), row(Role::Assistant, "answer one")];
    // The launch's own question, or the first one to an agent that was launched without any.
    let follow_up = Baseline { users: 0, asked: Some(fingerprint("one")), ..second_turn() };
    for baseline in [first_turn(), follow_up.clone(), Baseline { asked: None, ..follow_up }] {
        let mut turn = Turn::new(baseline, Duration::ZERO);
        let step = look(&mut turn, &AgentStatus::Finished, 1.0, &rows, 1);
        assert_eq!(step, Step::Over(Ending::Finished, 2..3));
    }
}

#[test]
fn without_other_evidence_an_answer_must_have_stood_unchanged_for_a_while() {
    let mut turn = Turn::new(Baseline { accepted_at: moment(1.0), ..second_turn() }, Duration::ZERO);
    let steps = [(1, "half"), (6, "half an"), (12, "half an answer"), (21, "half an answer"), (22, "half an answer")];
    let over = steps.map(|(at, text)| {
        let mut rows = World::plain().rows(0.0);
        rows.push(row(Role::Assistant, text));
        matches!(look(&mut turn, &AgentStatus::Finished, 1.0, &rows, at), Step::Over(..))
    });
    assert_eq!(over, [false, false, false, false, true]);
}

#[test]
fn a_turn_is_at_work_from_its_launch_or_from_when_it_was_seen_so_until_its_end_is_seen() {
    for (baseline, unseen) in [(first_turn(), true), (second_turn(), false)] {
        let mut turn = Turn::new(baseline, Duration::ZERO);
        assert_eq!(turn.is_at_work(), unseen);
        for (status, at_work) in [(AgentStatus::Running, true), (AgentStatus::Finished, false)] {
            turn.saw_agent(&status, moment(1.0), 0.5);
            assert_eq!(turn.is_at_work(), at_work, "{status}");
        }
    }
}

/// What a turn does that sees this status and these rows at some second.
#[test]
fn what_a_copy_shows_that_lags_behind_is_neither_work_nor_an_end() {
    let (running, stopped) = (AgentStatus::Running, AgentStatus::Stopped);
    let soon = |step| matches!(step, Step::Agent(pause) if pause < Duration::from_millis(1500));
    let mut turn = Turn::new(second_turn(), Duration::ZERO);
    turn.start(0.5);
    assert!(soon(turn.saw_agent(&running, moment(-1.0), 0.5)) && !turn.is_at_work() && !turn.is_evident());
    // As it was when the turn was asked for: it may linger, or be its end.
    assert_eq!(turn.saw_agent(&stopped, moment(0.0), 0.5), Step::Conversation);
    turn.saw_agent(&running, moment(1.0), 0.5);
    for (status, at) in [(&running, -1.0), (&stopped, -1.0), (&stopped, 0.0)] {
        let step = turn.saw_agent(status, moment(at), 0.5);
        assert!(soon(step) && turn.is_at_work(), "{status:?} {at}");
    }
    assert_eq!(turn.saw_agent(&stopped, moment(2.0), 0.5), Step::Conversation);
    // A platform whose time goes back shows nothing else, and is believed after a while.
    for _ in 0..BEHIND {
        assert!(soon(turn.saw_agent(&stopped, moment(-1.0), 0.5)));
    }
    assert_eq!(turn.saw_agent(&stopped, moment(-1.0), 0.5), Step::Conversation);
}

fn look(turn: &mut Turn, status: &AgentStatus, changed: f64, rows: &[Message], at: u64) -> Step {
    turn.saw_agent(status, moment(changed), 0.5);
    turn.saw_conversation(rows, Duration::from_secs(at), Duration::from_secs(at), 0.5)
}

#[test]
fn a_question_that_follows_ends_a_turn_whatever_the_status_says() {
    let cases = [
        (Role::Assistant, "answer two", Ending::Finished),
        (Role::Error, "no credit", Ending::Failed),
        (Role::Tool, "looked", Ending::Stopped),
        (Role::Assistant, " ", Ending::Stopped),
    ];
    for (role, text, ending) in cases {
        let mut rows = World::plain().rows(0.0);
        rows.extend([row(role, text), row(Role::User, "three"), row(Role::Assistant, "answer three")]);
        let mut turn = Turn::new(second_turn(), Duration::ZERO);
        assert_eq!(look(&mut turn, &AgentStatus::Finished, 0.0, &rows, 1), Step::Over(ending, 3..4), "{text}");
    }
}

#[test]
fn only_what_the_agent_says_is_an_answer() {
    for (role, text) in [(Role::Tool, "looked"), (Role::Assistant, " \n")] {
        let mut turn = Turn::new(first_turn(), Duration::ZERO);
        let rows = [row(Role::User, "one"), row(role, text)];
        assert!(matches!(look(&mut turn, &AgentStatus::Finished, 1.0, &rows, 1), Step::Agent(_)), "{text:?}");
        assert_eq!(look(&mut turn, &AgentStatus::Finished, 1.0, &rows, 31), Step::Lost(Lost::Unanswered), "{text:?}");
    }
}

#[test]
fn a_turn_that_left_no_sign_is_told_from_one_that_gave_no_answer() {
    let rows = World::plain().rows(0.0);
    for (changed, lost) in [(0.0, Lost::Unseen), (1.0, Lost::Unanswered)] {
        let mut turn = Turn::new(second_turn(), Duration::ZERO);
        assert!(matches!(look(&mut turn, &AgentStatus::Finished, changed, &rows, 1), Step::Agent(_)));
        assert_eq!(look(&mut turn, &AgentStatus::Finished, changed, &rows, 60), Step::Lost(lost));
    }
}

#[test]
fn an_end_without_an_answer_needs_no_rows_but_a_sign_of_its_own() {
    for (status, ending) in [(AgentStatus::Failed, Ending::Failed), (AgentStatus::Stopped, Ending::Stopped)] {
        let mut turn = Turn::new(first_turn(), Duration::ZERO);
        assert!(matches!(look(&mut turn, &status, 1.0, &[], 1), Step::Agent(_)), "rows may come late");
        assert_eq!(look(&mut turn, &status, 1.0, &[], 31), Step::Over(ending, 0..0));
        // It may be the previous turn's.
        let mut turn = Turn::new(second_turn(), Duration::ZERO);
        assert_eq!(look(&mut turn, &status, 0.0, &[], 60), Step::Lost(Lost::Unseen));
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

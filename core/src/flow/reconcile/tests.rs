use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

/// The server's clock is hours away from everybody else's.
const SKEW: i64 = 5 * 3600;

impl Looks for &'static str {}
impl Looks for () {}

fn seconds(seconds: f64) -> Moment {
    Duration::from_secs_f64(seconds)
}

fn at(moment: Moment) -> Timestamp {
    let micros = 1_700_000_000_000_000 + SKEW * 1_000_000 + i64::try_from(moment.as_micros()).unwrap();
    Timestamp(jiff::Timestamp::from_microsecond(micros).unwrap())
}

/// A `Date` has whole seconds.
fn date(moment: Moment) -> Timestamp {
    at(Duration::from_secs(moment.as_secs()))
}

fn agent(id: &str, made: f64) -> Candidate {
    Candidate { id: id.to_owned(), created_at: Some(at(seconds(made))) }
}

fn look(now: f64, candidates: &[Candidate]) -> Look<'_> {
    let at = seconds(now);
    Look { at, server: ServerTime::new(Some(date(at)), None), candidates }
}

struct Desk(Claims<&'static str>);

impl Desk {
    fn new() -> Self {
        Self(Claims::default())
    }

    fn sent(&mut self, now: f64) -> Ticket {
        self.exactly(Some("exact"), now)
    }

    fn exactly(&mut self, exact: Option<&str>, now: f64) -> Ticket {
        let ticket = self.0.open("looks", exact.map(str::to_owned), seconds(now));
        self.0.sent(ticket, seconds(now));
        ticket
    }

    fn lost(&mut self, now: f64) -> Ticket {
        let ticket = self.sent(now);
        self.0.lost(ticket, seconds(now));
        ticket
    }

    fn judge(&mut self, ticket: Ticket, now: f64, agents: &[Candidate]) -> Verdict {
        self.0.judge(ticket, &look(now, agents), seconds(now))
    }
}

fn found(id: &str) -> Verdict {
    Verdict::Found(id.to_owned())
}

#[test]
fn one_lost_launch_and_one_new_agent_belong_together() {
    let mut desk = Desk::new();
    let lost = desk.lost(100.0);
    assert_eq!(desk.judge(lost, 101.0, &[]), Verdict::Absent);
    assert_eq!(desk.judge(lost, 102.0, &[agent("old", 60.0), agent("new", 100.2)]), found("new"));
    assert!(desk.0.is_claimed("NEW"), "ids are found in capitals too");
}

#[test]
fn what_was_made_before_is_no_candidate_however_wrong_the_clocks() {
    let mut desk = Desk::new();
    let lost = desk.lost(100.0);
    // Looks come late, and the window does not move with them.
    for now in [101.0, 115.0, 129.9] {
        assert_eq!(desk.judge(lost, now, &[agent("old", 92.9)]), Verdict::Absent, "{now}");
    }
    assert_eq!(desk.judge(lost, 129.9, &[agent("old", 92.9), agent("late", 129.0)]), found("late"));
}

#[test]
fn only_a_date_that_fits_what_is_there_tells_the_servers_time() {
    let server = |newest: Option<f64>| ServerTime::new(Some(at(seconds(100.0))), newest.map(|made| at(seconds(made))));
    for newest in [None, Some(20.0), Some(100.0), Some(106.0)] {
        assert_eq!(server(newest).unwrap().before(seconds(4.0)), at(seconds(90.0)), "{newest:?}");
    }
    assert_eq!((server(Some(106.1)), ServerTime::new(None, Some(at(seconds(100.0))))), (None, None));
}

#[test]
fn more_agents_than_this_process_can_have_made_cannot_be_told_apart() {
    let mut desk = Desk::new();
    let lost = desk.lost(100.0);
    let two = [agent("a", 100.5), agent("b", 101.0)];
    assert_eq!(desk.judge(lost, 102.0, &two), Verdict::Undecidable(vec!["a".into(), "b".into()]));
    // One of them belongs to somebody here.
    desk.0.claim("a", seconds(102.0));
    assert_eq!(desk.judge(lost, 102.0, &two), found("b"));
}

#[test]
fn an_equal_launch_on_its_way_is_waited_for() {
    let mut desk = Desk::new();
    let (lost, flying) = (desk.lost(100.0), desk.sent(100.0));
    let one = [agent("a", 100.5)];
    assert_eq!(desk.judge(lost, 102.0, &one), Verdict::Crowded);
    desk.0.got(flying, "a", seconds(103.0));
    assert_eq!(desk.judge(lost, 103.0, &one), Verdict::Absent);
    // What is sent after the look cannot be in it; what waits to be sent is nowhere.
    let later = desk.0.open("looks", Some("exact".into()), seconds(103.0));
    assert_eq!(desk.judge(lost, 104.0, &[agent("b", 101.0)]), found("b"));
    desk.0.sent(later, seconds(105.0));
    let lost = desk.lost(104.0);
    assert_eq!(desk.judge(lost, 104.5, &[agent("c", 104.1)]), found("c"));
}

#[test]
fn equal_launches_are_interchangeable_and_others_are_not() {
    let mut desk = Desk::new();
    let lost = [desk.lost(100.0), desk.lost(101.0)];
    let two = [agent("b", 101.5), agent("a", 100.5)];
    assert_eq!(desk.judge(lost[1], 103.0, &two[1..]), Verdict::Absent, "the first comes first");
    assert_eq!(lost.map(|ticket| desk.judge(ticket, 103.0, &two)), [found("a"), found("b")]);
    for exacts in [[Some("one"), Some("another")], [None, None]] {
        let mut desk = Desk::new();
        let lost = exacts.map(|exact| desk.exactly(exact, 100.0));
        for ticket in lost {
            desk.0.lost(ticket, seconds(100.0));
        }
        assert!(matches!(desk.judge(lost[0], 103.0, &two[..1]), Verdict::Undecidable(_)), "{exacts:?}");
        // By itself it can be told.
        desk.0.got(lost[1], "a", seconds(104.0));
        assert_eq!(desk.judge(lost[0], 104.0, &two), found("b"));
    }
}

#[test]
fn only_what_can_have_made_an_agent_like_it_accounts_for_one() {
    let mut desk = Desk::new();
    let lost = desk.lost(100.0);
    // One that was not sent, one that was refused, one that was sent after the look, and one that asked something else.
    desk.0.open("looks", Some("exact".into()), seconds(100.0));
    let refused = desk.sent(100.0);
    desk.0.refused(refused);
    desk.sent(103.0);
    let other = desk.0.open("others", Some("exact".into()), seconds(100.0));
    desk.0.sent(other, seconds(100.0));
    desk.0.lost(other, seconds(100.0));
    let two = [agent("a", 100.5), agent("b", 101.0)];
    assert!(matches!(desk.judge(lost, 102.0, &two), Verdict::Undecidable(_)));
}

#[test]
fn what_was_made_before_one_was_sent_belongs_to_one_that_was_given_up() {
    let mut desk = Desk::new();
    let given_up = desk.lost(100.0);
    desk.0.close(given_up, seconds(131.0));
    let lost = desk.lost(140.0);
    assert_eq!(desk.judge(lost, 141.0, &[agent("first", 131.0)]), Verdict::Absent);
    assert_eq!(desk.judge(lost, 142.0, &[agent("second", 140.5), agent("first", 131.0)]), found("second"));
}

#[test]
fn looks_go_back_to_the_first_that_is_looked_for() {
    let mut desk = Desk::new();
    assert_eq!(desk.0.earliest_lost(seconds(99.0)), None);
    desk.sent(99.0);
    let lost = [desk.lost(100.0), desk.lost(101.0)];
    assert_eq!(desk.0.earliest_lost(seconds(101.0)), Some(seconds(100.0)));
    desk.0.got(lost[0], "a", seconds(102.0));
    assert_eq!(desk.0.earliest_lost(seconds(102.0)), Some(seconds(101.0)));
    // Its caller has not come back to it.
    assert_eq!(desk.0.earliest_lost(seconds(137.1)), None);
    desk.0.close(lost[1], seconds(131.0));
    assert_eq!(desk.0.earliest_lost(seconds(131.0)), None);
}

#[test]
fn who_does_not_come_back_holds_up_nobody_for_ever() {
    // One that was sent long ago, and is not polled any more.
    let mut desk = Desk::new();
    desk.sent(100.0);
    let lost = desk.lost(699.0);
    let two = [agent("first", 100.5), agent("second", 699.5)];
    assert_eq!(desk.judge(lost, 699.9, &two), Verdict::Crowded);
    assert_eq!(desk.judge(lost, 700.0, &two), found("second"));
    // One that looks for its own no more: what is there may be anybody's of those who asked it.
    let mut desk = Desk::new();
    let (_gone, lost) = (desk.lost(100.0), desk.lost(101.0));
    let one = [agent("one", 101.5)];
    assert_eq!(desk.judge(lost, 135.9, &one), Verdict::Absent);
    assert_eq!(desk.judge(lost, 136.0, &one), found("one"));
}

#[test]
fn nothing_is_told_as_given_up_while_it_may_be_anothers() {
    let mut desk = Desk::new();
    let first = desk.lost(100.0);
    desk.0.close(first, seconds(131.0));
    let second = desk.sent(140.0);
    let shown = [agent("one", 140.5)];
    let twins = |desk: &mut Desk, now: f64| desk.0.twins(&"looks", &look(now, &shown), seconds(now));
    assert!(twins(&mut desk, 141.0).is_empty(), "the second is on its way");
    desk.0.lost(second, seconds(141.0));
    assert!(twins(&mut desk, 142.0).is_empty(), "the second is looked for");
    desk.0.got(second, "another", seconds(143.0));
    // One that was sent after the look is not in it.
    desk.sent(145.0);
    assert_eq!(twins(&mut desk, 144.0), ["one"]);
}

#[test]
fn one_that_has_been_on_its_way_for_long_may_have_made_one_and_one_that_never_was_may_not() {
    let two = [agent("a", 800.2), agent("b", 800.5)];
    let mut desk = Desk::new();
    desk.sent(100.0);
    let lost = desk.lost(800.0);
    assert_eq!(desk.judge(lost, 801.0, &two), found("a"));
    let mut desk = Desk::new();
    desk.0.open("looks", Some("exact".into()), seconds(100.0));
    let lost = desk.lost(800.0);
    assert!(matches!(desk.judge(lost, 801.0, &two), Verdict::Undecidable(_)));
}

#[test]
fn what_was_made_here_is_newborn_for_a_while_until_it_is_seen() {
    let mut desk = Desk::new();
    for (id, now) in [("A", 0.0), ("b", 1.0), ("c", 29.9)] {
        let ticket = desk.sent(now);
        desk.0.got(ticket, id, seconds(now));
    }
    let newborn = |desk: &Desk, now: f64| ["a", "B", "c", "d"].map(|id| desk.0.is_newborn(id, seconds(now)));
    assert_eq!(newborn(&desk, 29.99), [true, true, true, false]);
    assert_eq!(newborn(&desk, 30.0), [false, true, true, false]);
    desk.0.seen("C");
    assert_eq!(newborn(&desk, 30.0), [false, true, false, false]);
    // What is told no more is not kept.
    let ticket = desk.sent(31.0);
    desk.0.got(ticket, "e", seconds(31.0));
    assert_eq!(desk.0.unseen.keys().collect::<Vec<_>>(), ["e"]);
}

#[test]
fn what_may_be_ones_own_is_what_was_made_since_and_belongs_to_nobody() {
    let mut desk = Desk::new();
    let (agents, ticket) = ([agent("old", 10.0), agent("mine", 20.0), agent("anothers", 21.0)], desk.lost(19.0));
    desk.0.claim("anothers", seconds(21.0));
    assert_eq!(desk.0.possible(&look(25.0, &agents), seconds(19.0)), ["mine"]);
    assert_eq!(desk.judge(ticket, 25.0, &agents), found("mine"));
}

#[test]
fn claims_are_quiet_once_nothing_is_open_and_all_else_is_long_ago() {
    let mut desk = Desk::new();
    assert!(desk.0.is_quiet(seconds(0.0)));
    let left = desk.sent(0.0);
    assert!(!desk.0.is_quiet(seconds(1e6)), "its answer may come");
    desk.0.close(left, seconds(4.0));
    assert!(!desk.0.is_quiet(seconds(603.9)) && desk.0.is_quiet(seconds(604.0)));
    desk.0.claim("a", seconds(10.0));
    assert!(!desk.0.is_quiet(seconds(609.9)) && desk.0.is_quiet(seconds(610.0)));
}

#[test]
fn what_was_claimed_is_remembered_while_something_older_is_looked_for() {
    let mut desk = Desk::new();
    desk.0.claim("before", seconds(50.0));
    desk.lost(100.0);
    desk.0.claim("since", seconds(200.0));
    desk.sent(900.0);
    assert_eq!(["before", "since"].map(|id| desk.0.is_claimed(id)), [false, true]);
}

#[test]
fn what_was_given_up_is_told_when_another_was_launched_in_its_place() {
    let mut desk = Desk::new();
    let first = desk.lost(100.0);
    desk.0.close(first, seconds(131.0));
    let second = desk.sent(140.0);
    desk.0.got(second, "second", seconds(141.0));
    let shown = [agent("second", 140.5), agent("late", 135.0)];
    let mut twins = || desk.0.twins(&"looks", &look(142.0, &shown), seconds(142.0));
    assert_eq!(twins(), ["late"]);
    assert_eq!(twins(), Vec::<String>::new(), "told once");
    assert_eq!(desk.0.given_up(&"looks"), None);
}

#[test]
fn what_was_never_sent_leaves_nothing_and_what_was_is_forgotten_after_a_while() {
    let mut desk = Desk::new();
    let idle = desk.0.open("looks", None, seconds(1.0));
    let refused = desk.sent(1.0);
    desk.0.refused(refused);
    desk.0.close(idle, seconds(2.0));
    desk.0.close(refused, seconds(2.0));
    assert!(desk.0.open.is_empty());
    // Its caller left while it was on its way.
    let left = desk.sent(3.0);
    desk.0.close(left, seconds(4.0));
    assert_eq!(desk.0.given_up(&"looks"), Some(seconds(3.0)));
    desk.sent(603.9);
    assert_eq!(desk.0.given_up(&"looks"), Some(seconds(3.0)));
    desk.sent(604.0);
    assert_eq!(desk.0.given_up(&"looks"), None);
}

/// One launch of the model.
#[derive(Debug, Clone)]
struct Job {
    sent: f64,
    /// After how long the server makes the agent, if it does.
    commit: Option<f64>,
    /// After how long the list shows it.
    lag: f64,
    /// After how long the answer comes, or is known to be lost.
    answer: f64,
    lost: bool,
    /// Somebody else's, of whom this process knows nothing.
    foreign: bool,
}

fn jobs(foreign: bool) -> impl Strategy<Value = Vec<Job>> {
    let job = (0.0..20.0, 0.0..1.0, 0.0..5.0, 0.0..10.0, 0.0..1.0, 0.0..1.0);
    let job = job.prop_map(move |(sent, commit, lag, answer, lost, who): (f64, f64, f64, f64, f64, f64)| {
        let foreign = foreign && who < 0.1;
        let (lost, never) = (lost < 0.4 && !foreign, commit > 0.8);
        let commit = if lost { (!never).then_some(commit * 20.0) } else { Some(commit * answer) };
        // A server that answers shows what it made.
        Job { sent, commit, lag, answer, lost, foreign }
    });
    proptest::collection::vec(job, 1..60)
}

/// Plays all jobs in steps of half a second; gives what each got, and what became undecidable.
fn play(jobs: &[Job]) -> (Vec<Option<String>>, usize) {
    let mut claims = Claims::default();
    let mut tickets = vec![None; jobs.len()];
    let mut got = vec![None; jobs.len()];
    let mut undecided = HashSet::new();
    for now in (0..220).map(|half| f64::from(half) / 2.0) {
        let moment = seconds(now);
        let made = |job: &Job| job.commit.map(|commit| job.sent + commit);
        let shown = jobs.iter().enumerate().filter_map(|(at, job)| {
            let made = made(job).filter(|made| made + job.lag <= now)?;
            Some(agent(&at.to_string(), made))
        });
        let shown = shown.collect::<Vec<_>>();
        let own = |(_, job): &(usize, &Job)| !job.foreign && job.sent <= now;
        for (at, job) in jobs.iter().enumerate().filter(own) {
            tickets[at].get_or_insert_with(|| {
                let ticket = claims.open((), Some(String::new()), seconds(job.sent));
                claims.sent(ticket, seconds(job.sent));
                ticket
            });
        }
        for (at, job) in jobs.iter().enumerate().filter(own) {
            let (ticket, ended) = (tickets[at].unwrap(), job.sent + job.answer);
            if got[at].is_some() || now < ended {
                continue;
            }
            if !job.lost {
                claims.got(ticket, &at.to_string(), moment);
                got[at] = Some(at.to_string());
                continue;
            }
            if now < ended + 0.5 {
                claims.lost(ticket, moment);
            } else if now > ended + SETTLE.as_secs_f64() || undecided.contains(&at) {
                claims.close(ticket, moment);
            } else {
                match claims.judge(ticket, &look(now, &shown), moment) {
                    Verdict::Found(id) => got[at] = Some(id),
                    Verdict::Undecidable(_) => drop(undecided.insert(at)),
                    Verdict::Absent | Verdict::Crowded => {}
                }
            }
        }
    }
    (got, undecided.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn equal_launches_each_get_an_agent_of_their_own(jobs in jobs(false)) {
        let (got, undecided) = play(&jobs);
        prop_assert_eq!(undecided, 0);
        let all = got.iter().flatten().collect::<Vec<_>>();
        prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "two have the same");
        // Whatever was made is somebody's: as many have one as there are.
        let made = jobs.iter().filter(|job| job.commit.is_some()).count();
        prop_assert_eq!(all.len(), made);
        for (at, job) in jobs.iter().enumerate().filter(|(_, job)| !job.lost) {
            prop_assert_eq!(got[at].clone(), Some(at.to_string()), "{:?}", job);
        }
    }

    #[test]
    fn somebody_elses_equal_launch_takes_nothing_from_those_who_were_answered(jobs in jobs(true)) {
        let (got, _) = play(&jobs);
        let all = got.iter().flatten().collect::<Vec<_>>();
        prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "two have the same");
        for (at, _) in jobs.iter().enumerate().filter(|(_, job)| !job.lost && !job.foreign) {
            prop_assert_eq!(got[at].clone(), Some(at.to_string()));
        }
    }
}

//! The gate against a platform that counts as this one does, in virtual time.

use super::*;
use proptest::prelude::*;

const ME: Caller = (1, "me");
const YOU: Caller = (2, "you");

fn at(seconds: f64) -> Moment {
    Duration::from_secs_f64(seconds)
}

/// A pace whose first answer was heard long ago, without any headers.
fn pace(limit: u32) -> Pace {
    let mut pace = Pace::new(limit);
    pace.heard = true;
    pace
}

/// The platform's own count: the generic cell rate algorithm, with so many at once.
struct Bucket {
    interval: f64,
    burst: f64,
    free: f64,
}

impl Bucket {
    fn new(limit: u32, burst: u32) -> Self {
        Self { interval: 60.0 / f64::from(limit), burst: burst.into(), free: 0.0 }
    }

    /// How many more it would take now, unless it refuses.
    fn take(&mut self, now: f64) -> Option<u32> {
        let next = self.free.max(now);
        if next - now > self.interval * (self.burst - 1.0) + 1e-6 {
            return None;
        }
        self.free = next + self.interval;
        Some((self.burst - (self.free - now) / self.interval + 1e-6).max(0.0) as u32)
    }
}

#[test]
fn a_minute_takes_what_the_limit_says_and_a_second_more_makes_room() {
    let mut pace = pace(30);
    let burst = (0..40).filter(|_| pace.pass(ME, at(1.0)).is_some()).count();
    assert_eq!(burst, 30);
    assert!(pace.pass(ME, at(61.9)).is_none());
    assert!(pace.pass(ME, at(62.0)).is_some());
}

#[test]
fn the_limit_is_what_the_platform_says() {
    let mut pace = pace(30);
    let slot = pace.pass(ME, at(0.0)).unwrap();
    pace.heard(slot, Standing { limit: Some(5), remaining: None }, at(0.0));
    assert_eq!((0..40).filter(|_| pace.pass(ME, at(1.0)).is_some()).count(), 4);
    pace.heard(slot, Standing { limit: Some(60_000_000), remaining: None }, at(1.0));
    assert_eq!((0..40_000).filter(|_| pace.pass(ME, at(1.0)).is_some()).count(), 40_000);
    assert_eq!(pace.sent.len(), 2);
}

#[test]
fn the_first_request_goes_alone_until_its_answer_or_two_seconds() {
    let (mut heard, mut silent) = (Pace::new(30), Pace::new(30));
    let slot = heard.pass(ME, at(0.0)).unwrap();
    assert!(heard.pass(ME, at(0.5)).is_none());
    heard.heard(slot, Standing { limit: None, remaining: Some(0) }, at(0.6));
    assert!(heard.pass(ME, at(0.6)).is_none() && heard.pass(ME, at(2.07)).is_some());
    assert!(silent.pass(ME, at(0.0)).is_some());
    assert!(
        silent.pass(ME, at(1.9)).is_none() && silent.pass(ME, at(2.0)).is_some() && silent.pass(ME, at(2.0)).is_some()
    );
    // What never left says nothing, so the next is the first.
    let mut unsent = Pace::new(30);
    let slot = unsent.pass(ME, at(0.0)).unwrap();
    unsent.give_back(slot);
    assert!(unsent.pass(ME, at(0.1)).is_some() && unsent.pass(ME, at(0.2)).is_none());
}

#[test]
fn little_is_spaced_evenly_and_plenty_is_not() {
    let mut pace = pace(30);
    let slot = pace.pass(ME, at(0.0)).unwrap();
    pace.heard(slot, Standing { limit: Some(30), remaining: Some(5) }, at(0.0));
    // Two go at once, then three are left: a tenth.
    assert_eq!((0..9).filter(|_| pace.pass(ME, at(0.0)).is_some()).count(), 2);
    assert_eq!((pace.pass(ME, at(2.0)), pace.pass(ME, at(2.1)).is_some()), (None, true));
    let slot = pace.pass(ME, at(4.2)).unwrap();
    pace.heard(slot, Standing { limit: Some(30), remaining: Some(29) }, at(4.2));
    assert_eq!((0..9).filter(|_| pace.pass(ME, at(4.2)).is_some()).count(), 9);
}

#[test]
fn a_refusal_stops_everybody_and_what_follows_is_spaced() {
    let mut pace = pace(30);
    pace.pause(at(7.0), at(1.0));
    assert!(pace.pass(ME, at(7.9)).is_none() && pace.pass(ME, at(8.0)).is_some());
    assert!(pace.pass(ME, at(9.0)).is_none() && pace.pass(ME, at(10.1)).is_some());
    // A shorter one that comes later ends no sooner.
    pace.pause(at(100.0), at(11.0));
    pace.pause(at(1.0), at(12.0));
    assert!(pace.pass(ME, at(110.0)).is_none());
    assert_eq!(pace.paused(at(110.0)), Some(at(1.0)));
    pace.pause(at(1e9), at(120.0));
    assert!(pace.pass(ME, at(3719.0)).is_none() && pace.pass(ME, at(3720.0)).is_some());
}

#[test]
fn what_was_given_back_is_there_again() {
    let mut pace = pace(2);
    let (_, second) = (pace.pass(ME, at(0.0)).unwrap(), pace.pass(ME, at(1.0)).unwrap());
    assert!(pace.pass(ME, at(2.0)).is_none());
    pace.give_back(second);
    pace.give_back(second);
    pace.give_back(Slot { at: at(0.5), ..second });
    assert!(pace.pass(ME, at(2.0)).is_some() && pace.pass(ME, at(2.0)).is_none());
}

#[test]
fn what_was_given_back_or_has_come_back_with_time_need_not_be_spaced() {
    let mut pace = pace(30);
    let slot = pace.pass(ME, at(0.0)).unwrap();
    pace.heard(slot, Standing { limit: None, remaining: Some(5) }, at(0.0));
    let burst = |pace: &mut Pace, now: f64| (0..9).map_while(|_| pace.pass(ME, at(now))).collect::<Vec<_>>();
    let sent = burst(&mut pace, 0.0);
    assert_eq!(sent.len(), 2);
    pace.give_back(sent[1]);
    assert_eq!(burst(&mut pace, 0.0).len(), 1);
    // An interval is 62 s / 30, and two have passed.
    assert_eq!(burst(&mut pace, 4.2).len(), 2);
}

#[test]
fn the_time_to_wait_is_told_by_place() {
    let mut pace = pace(2);
    assert!(pace.pass(ME, at(0.0)).is_some() && pace.pass(ME, at(10.0)).is_some());
    let places = (0..6).map(|_| pace.join(ME, at(20.0))).collect::<Vec<_>>();
    let told = places.iter().map(|place| pace.eta(*place, at(20.0)).as_secs()).collect::<Vec<_>>();
    assert_eq!(told, [41, 51, 82, 113, 144, 175]);
    assert_eq!(pace.turn(places[0], at(20.0)), Turn::At(at(61.0)));
    pace.pause(at(100.0), at(20.0));
    assert_eq!(pace.eta(places[0], at(20.0)), at(100.0));
    assert_eq!(pace.eta(places[1], at(20.0)), at(131.0));
}

#[test]
fn the_line_is_kept_and_whoever_sleeps_through_their_turn_is_passed_over() {
    let mut pace = pace(2);
    let (me, you) = (pace.join(ME, at(0.0)), pace.join(YOU, at(0.0)));
    assert!(pace.pass(ME, at(0.0)).is_none());
    assert_eq!(pace.turn(you, at(4.9)), Turn::Behind);
    assert!(matches!(pace.turn(you, at(5.0)), Turn::Go(_)));
    assert_eq!(pace.next(at(5.0)).map(|next| next.0), Some(me.id()));
    assert!(matches!(pace.turn(me, at(5.0)), Turn::Go(_)));
    // Who must go again is first.
    let you = pace.join(YOU, at(6.0));
    let me = pace.rejoin(me, at(6.0));
    assert_eq!((pace.turn(you, at(6.0)), pace.turn(me, at(6.0))), (Turn::Behind, Turn::At(at(66.0))));
    pace.leave(me, at(7.0));
    assert_eq!(pace.next(at(7.0)), Some((you.id(), at(66.0))));
    assert!(matches!(pace.turn(you, at(66.0)), Turn::Go(_)));
}

#[test]
fn whoever_was_told_a_moment_goes_at_that_moment() {
    let mut pace = pace(1);
    assert!(pace.pass(ME, at(0.0)).is_some());
    let me = pace.join(ME, at(1.0));
    let Turn::At(told) = pace.turn(me, at(1.0)) else { panic!("there is no room yet") };
    assert!(matches!(pace.turn(me, told), Turn::Go(_)));
}

#[test]
fn each_first_in_line_has_some_seconds_to_come_whoever_joins_behind() {
    let mut pace = pace(30);
    let (first, second, third) = (pace.join(ME, at(0.0)), pace.join(YOU, at(0.0)), pace.join((3, "they"), at(4.9)));
    assert!(matches!(pace.turn(second, at(5.0)), Turn::Go(_)), "the first slept through its turn");
    // Then it is the third's turn, as long as anybody's.
    assert_eq!(pace.turn(first, at(9.9)), Turn::Behind);
    assert!(matches!(pace.turn(first, at(10.0)), Turn::Go(_)));
    assert!(matches!(pace.turn(third, at(10.0)), Turn::Go(_)));
}

#[test]
fn how_many_wait_is_told_and_a_pace_is_quiet_when_it_has_nothing_to_remember() {
    let mut pace = pace(30);
    assert!(pace.is_quiet(at(0.0)));
    let (me, you) = (pace.join(ME, at(0.0)), pace.join(YOU, at(0.0)));
    assert_eq!((pace.waiting(), pace.is_quiet(at(0.0))), (2, false), "somebody waits");
    pace.leave(you, at(0.0));
    assert!(matches!(pace.turn(me, at(0.0)), Turn::Go(_)));
    assert_eq!(pace.waiting(), 0);
    assert!(!pace.is_quiet(at(60.9)) && pace.is_quiet(at(61.0)), "what was sent counts for a minute");
    pace.pause(at(10.0), at(100.0));
    assert!(!pace.is_quiet(at(109.9)) && pace.is_quiet(at(110.0)), "a pause is not forgotten");
}

/// Sends whatever is asked for, at `demand` moments, over a way that takes `way` seconds in each direction; gives
/// when each request went, and how many were refused.
fn play(limit: u32, burst: Option<u32>, demand: &[f64], way: f64, told: bool) -> (Vec<f64>, usize) {
    let (mut pace, mut bucket) = (Pace::new(limit), Bucket::new(limit, burst.unwrap_or(limit)));
    let (mut waiting, mut sent, mut refused) = (std::collections::VecDeque::new(), Vec::new(), 0);
    let mut answers: std::collections::VecDeque<(f64, Slot, Option<u32>)> = Default::default();
    let (mut demand, mut now) = (demand.iter().copied().peekable(), 0.0_f64);
    loop {
        while demand.peek().is_some_and(|at| *at <= now) {
            demand.next();
            waiting.push_back(pace.join(ME, at(now)));
        }
        while let Some((_, slot, left)) = answers.front().copied().filter(|(at, ..)| *at <= now) {
            answers.pop_front();
            pace.heard(slot, Standing { limit: told.then_some(limit), remaining: left.filter(|_| told) }, at(now));
        }
        while let Some(place) = waiting.front() {
            let Turn::Go(slot) = pace.turn(*place, at(now)) else { break };
            waiting.pop_front();
            sent.push(now);
            let left = bucket.take(now + way);
            refused += usize::from(left.is_none());
            answers.push_back((now + 2.0 * way, slot, left));
        }
        let free = (!waiting.is_empty()).then(|| pace.free_at(at(now)).as_secs_f64());
        let next = [demand.peek().copied(), answers.front().map(|(at, ..)| *at), free];
        match next.into_iter().flatten().reduce(f64::min) {
            // A timer rings a little late.
            Some(next) => now = next.max(now) + 0.001,
            None => return (sent, refused),
        }
    }
}

fn most_within(sent: &[f64], span: f64) -> usize {
    (0..sent.len()).map(|from| sent[from..].partition_point(|at| *at < sent[from] + span)).max().unwrap_or_default()
}

#[test]
fn a_demand_without_end_uses_the_budget() {
    for (limit, way, told) in [(300, 0.0, true), (300, 0.5, true), (30, 0.3, true), (60, 0.5, false)] {
        let demand = vec![0.0; limit as usize * 30];
        let (sent, refused) = play(limit, None, &demand, way, told);
        let hour = sent.last().copied().unwrap_or_default();
        let used = sent.len() as f64 / (f64::from(limit) * hour / 60.0);
        assert!(used >= 0.95, "{limit} {way}: {used}");
        assert_eq!(refused, 0);
    }
    // One at a time: the first answer tells it.
    let (sent, refused) = play(300, Some(1), &[0.0; 3000], 0.25, true);
    let used = sent.len() as f64 / (5.0 * sent.last().unwrap());
    assert!(used >= 0.95 && refused == 0, "{used} {refused}");
}

fn demands() -> impl Strategy<Value = Vec<f64>> {
    // Lulls, trickles and bursts.
    let step = prop_oneof![8 => Just(0.0), 4 => 0.0f64..0.3, 2 => 0.0f64..5.0, 1 => 20.0f64..120.0];
    proptest::collection::vec(step, 1..600).prop_map(|steps| {
        let mut now = 0.0;
        steps
            .into_iter()
            .map(|step| {
                now += step;
                now
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn no_minute_holds_more_than_the_limit(limit in 1u32..120, demand in demands(), way in 0.0f64..1.0, told: bool) {
        let (sent, refused) = play(limit, None, &demand, way, told);
        prop_assert_eq!((sent.len(), refused), (demand.len(), 0));
        prop_assert!(most_within(&sent, 61.0) <= limit as usize);
    }

    #[test]
    fn a_smaller_burst_is_kept_once_it_was_told(limit in 10u32..300, burst in 1u32..60, demand in demands(), way in 0.0f64..0.9) {
        let (sent, refused) = play(limit, Some(burst.min(limit)), &demand, way, true);
        prop_assert_eq!((sent.len(), refused), (demand.len(), 0));
    }

    #[test]
    fn nothing_goes_during_a_pause(limit in 1u32..50, steps in proptest::collection::vec((0.0f64..3.0, 0u8..6, 0.0f64..20.0), 1..200)) {
        let (mut pace, mut now, mut until, mut last) = (pace(limit), 0.0, 0.0_f64, None);
        for (step, what, wait) in steps {
            now += step;
            match what {
                0 => {
                    pace.pause(at(wait), at(now));
                    until = until.max(now + wait);
                }
                1 => if let Some(slot) = last.take() { pace.give_back(slot) },
                2 => if let Some(slot) = last { pace.heard(slot, Standing { limit: None, remaining: Some(9) }, at(now)) },
                _ => if let Some(slot) = pace.pass(ME, at(now)) {
                    prop_assert!(now >= until - 1e-6);
                    last = Some(slot);
                },
            }
        }
    }

    #[test]
    fn nobody_waits_much_longer_than_they_were_told(limit in 2u32..60, ahead in 0usize..200, used in 0usize..80) {
        let mut pace = pace(limit);
        for nth in 0..used {
            pace.pass(ME, at(nth as f64 / 4.0));
        }
        let mut now = 20.0;
        let mut line = (0..ahead).map(|_| pace.join(ME, at(now))).collect::<std::collections::VecDeque<_>>();
        let mine = pace.join(YOU, at(now));
        let told = now + pace.eta(mine, at(now)).as_secs_f64();
        loop {
            if let Turn::Go(_) = pace.turn(mine, at(now)) {
                break;
            }
            match line.front().map(|first| pace.turn(*first, at(now))) {
                Some(Turn::Go(_)) => drop(line.pop_front()),
                _ => now = pace.free_at(at(now)).as_secs_f64().max(now) + 0.001,
            }
        }
        prop_assert!(now <= told + 0.1, "{} {}", now, told);
    }
}

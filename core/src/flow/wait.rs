//! How often to ask, and for how long.

use super::Moment;
use std::time::Duration;

/// 30 minutes: a wait without a deadline must be written out.
pub(crate) const DEFAULT_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// The pause between two looks at an agent: 2 s doubling to 30 s, a fifth more or less.
#[derive(Debug, Clone)]
pub(crate) struct Cadence {
    next: Duration,
    longest: Duration,
    factor: f64,
}

impl Cadence {
    /// While an agent works.
    pub(crate) fn patient() -> Self {
        Self { next: Duration::from_secs(2), longest: Duration::from_secs(30), factor: 2.0 }
    }

    /// While something is expected any moment: a new turn to show, rows to arrive.
    pub(crate) fn brisk() -> Self {
        Self { next: Duration::from_millis(250), longest: Duration::from_secs(1), factor: 1.5 }
    }

    pub(crate) fn pause(&mut self, jitter: f64) -> Duration {
        let pause = self.next.mul_f64(0.8 + 0.4 * jitter);
        self.next = self.next.mul_f64(self.factor).min(self.longest);
        pause
    }
}

/// When waiting ends, whatever the agent does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    end: Option<Moment>,
}

/// What a deadline leaves of a pause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pause {
    For(Duration),
    Expired,
}

impl Deadline {
    pub(crate) fn after(span: Option<Duration>, now: Moment) -> Self {
        Self { end: span.map(|span| now.saturating_add(span)) }
    }

    /// The pause, cut short so that one more look falls on the deadline itself.
    pub(crate) fn allow(self, pause: Duration, now: Moment) -> Pause {
        match self.end {
            None => Pause::For(pause),
            Some(end) if now >= end => Pause::Expired,
            Some(end) => Pause::For(pause.min(end - now)),
        }
    }

    /// What is left of it.
    pub(crate) fn left(self, now: Moment) -> Option<Duration> {
        self.end.map(|end| end.saturating_sub(now))
    }
}

/// How long polls may fail in passing before the failure is the answer.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    since: Option<Moment>,
}

impl Outage {
    const BEARABLE: Duration = Duration::from_secs(300);

    /// Whether one more failed look is still to be borne.
    pub(crate) fn failed(&mut self, now: Moment) -> bool {
        now.saturating_sub(*self.since.get_or_insert(now)) < Self::BEARABLE
    }

    pub(crate) fn over(&mut self) {
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_pause_doubles_from_two_seconds_to_thirty() {
        let mut cadence = Cadence::patient();
        let pauses = (0..7).map(|_| cadence.pause(0.5).as_secs_f64().round()).collect::<Vec<_>>();
        assert_eq!(pauses, [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
    }

    #[test]
    fn the_last_look_falls_on_the_deadline() {
        let second = Duration::from_secs;
        let deadline = Deadline::after(Some(second(10)), second(100));
        assert_eq!(deadline.allow(second(4), second(103)), Pause::For(second(4)));
        assert_eq!(deadline.allow(second(30), second(107)), Pause::For(second(3)));
        assert_eq!(deadline.allow(second(1), second(110)), Pause::Expired);
        assert_eq!(Deadline::after(None, second(0)).allow(second(30), second(1 << 40)), Pause::For(second(30)));
    }

    #[test]
    fn what_is_left_of_half_an_hour_shrinks_to_nothing_and_of_no_deadline_nothing_is_known() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let deadline = Deadline::after(Some(DEFAULT_DEADLINE), minutes(5));
        let left = [5, 15, 35, 40].map(|now| deadline.left(minutes(now)));
        assert_eq!(left, [30, 20, 0, 0].map(|left| Some(minutes(left))));
        assert_eq!(Deadline::after(None, minutes(5)).left(minutes(6)), None);
    }

    #[test]
    fn an_outage_is_borne_for_five_minutes_and_forgotten_when_over() {
        let mut outage = Outage::default();
        assert!(outage.failed(Duration::from_secs(0)) && outage.failed(Duration::from_secs(299)));
        assert!(!outage.failed(Duration::from_secs(300)));
        outage.over();
        assert!(outage.failed(Duration::from_secs(301)));
    }

    proptest! {
        #[test]
        fn every_wait_ends(span in 1u64..100_000, jitters in proptest::collection::vec(0f64..1.0, 50)) {
            let (mut now, mut cadence) = (Duration::ZERO, Cadence::patient());
            let deadline = Deadline::after(Some(Duration::from_secs(span)), now);
            let mut looks = 0;
            for jitter in jitters.iter().cycle() {
                match deadline.allow(cadence.pause(*jitter), now) {
                    Pause::For(pause) => now += pause,
                    Pause::Expired => break,
                }
                looks += 1;
                prop_assert!(looks <= 10 + span / 20);
            }
            prop_assert_eq!(now, Duration::from_secs(span));
        }
    }
}

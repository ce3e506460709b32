//! What may follow a request that did not succeed: a pure decision, no clock and no sleep.

use crate::nomic::routes::Safety;
use std::time::Duration;

/// How a request ended, as far as sending it again is concerned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// Nothing left this machine; `permanent` if the next try would end the same (certificates).
    NotSent { permanent: bool },
    /// The server may have acted.
    Unknown,
    /// The same, on a connection that had lain idle: most likely the server was just closing it.
    Stale,
    /// The answer was whole, but not what the platform documents.
    Garbled,
    /// The answer was one that must not be read, such as one larger than any real one.
    Unbearable,
    /// 429 with how long to wait, if the server said so.
    Limited { retry_after: Option<Duration> },
    /// 503 in the API's own words: a service is not configured.
    Unconfigured,
    /// 408, or a 5xx that may have come from in front of the platform, before or after it acted.
    Broken,
    /// Everything else: the answer stands.
    Final,
}

impl Ending {
    /// Whether the server may have acted, for all that is known.
    pub(crate) fn is_unsettled(self) -> bool {
        matches!(self, Self::Unknown | Self::Stale | Self::Broken | Self::Garbled | Self::Unbearable)
    }

    /// Whether sending again cannot add up: a limit that names its time is obeyed, and an idle connection that was
    /// closed must first have been earned by a success.
    pub(crate) fn is_no_storm(self) -> bool {
        matches!(self, Self::Limited { retry_after: Some(_) } | Self::Stale)
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// Send it again after this long.
    Again(Duration),
    /// Report it.
    Stop,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) safety: Safety,
    /// How many requests this call has made, the one that just ended included.
    pub(crate) made: u32,
    /// How many more than the first it may make.
    pub(crate) retries: u32,
    /// Time left until the call's deadline.
    pub(crate) left: Duration,
    /// What the next request itself needs of it.
    pub(crate) need: Duration,
    /// How many requests a rate limit may cost.
    pub(crate) limited: u32,
    /// Uniform in 0..1.
    pub(crate) jitter: f64,
}

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// A server that asks for less is not asked more often.
const SHORTEST: Duration = Duration::from_millis(500);
/// Beyond this a rate limit is reported at once, however long the deadline.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Decides whether a call sends again.
pub(crate) fn judge(attempt: Attempt, ending: Ending) -> Verdict {
    let repeatable = attempt.safety == Safety::Repeatable;
    let tries = |most: u32| attempt.made < most.min(attempt.retries + 1);
    let again = match ending {
        Ending::NotSent { permanent } => !permanent && tries(u32::MAX),
        Ending::Stale if repeatable && tries(u32::MAX) => return Verdict::Again(Duration::ZERO),
        Ending::Unknown | Ending::Stale | Ending::Broken => repeatable && tries(u32::MAX),
        Ending::Garbled | Ending::Unconfigured => repeatable && tries(2),
        Ending::Limited { retry_after: Some(wait) } => {
            let wait = release(wait, attempt.jitter);
            let bearable = attempt.has_time_after(wait) && wait <= PATIENCE;
            let again = bearable && attempt.retries > 0 && attempt.made < attempt.limited;
            return if again { Verdict::Again(wait) } else { Verdict::Stop };
        }
        // It may be a spend limit, which waiting does not lift.
        Ending::Limited { retry_after: None } => tries(3),
        Ending::Unbearable | Ending::Final => false,
    };
    let wait = backoff(attempt.made, attempt.jitter);
    let wait = if matches!(ending, Ending::Limited { .. }) { wait.max(SHORTEST) } else { wait };
    if again && attempt.has_time_after(wait) { Verdict::Again(wait) } else { Verdict::Stop }
}

/// How long the whole tier sends nothing after this ending: as long as the platform says, whoever may wait for it, or
/// as long as this call pauses if it does not say.
pub(crate) fn pause(ending: Ending, verdict: Verdict, jitter: f64) -> Option<Duration> {
    match (ending, verdict) {
        (Ending::Limited { retry_after: Some(wait) }, _) => Some(release(wait, jitter)),
        (Ending::Limited { retry_after: None }, Verdict::Again(wait)) => Some(wait),
        _ => None,
    }
}

/// What the platform asks for, and a fifth more at most, so that not everybody comes back at once.
fn release(wait: Duration, jitter: f64) -> Duration {
    wait.max(SHORTEST).mul_f64(1.0 + 0.2 * jitter)
}

impl Attempt {
    /// A request that cannot be answered in time is not sent: nobody would learn what it did.
    fn has_time_after(&self, wait: Duration) -> bool {
        wait.saturating_add(self.need) <= self.left
    }
}

/// Full jitter below a bound that doubles from half a second to half a minute, and never a storm.
fn backoff(made: u32, jitter: f64) -> Duration {
    let bound = FIRST.saturating_mul(1 << made.saturating_sub(1).min(10)).min(LONGEST);
    bound.mul_f64(0.5 + 0.5 * jitter)
}

/// The `Retry-After` header: seconds, with a fraction or not, or a date held against the server's own clock.
pub(crate) fn retry_after(value: &str, server_now: Option<jiff::Timestamp>) -> Option<Duration> {
    let value = value.trim();
    let digits = value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if digits && value.bytes().any(|b| b.is_ascii_digit()) {
        // Beyond a year it only means "far too long".
        let seconds = value.parse::<f64>().ok()?.min(31_536_000.0);
        return Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero());
    }
    let until = http_date(value)?;
    let span = until.duration_since(server_now?);
    Duration::try_from(span).ok().filter(|wait| !wait.is_zero())
}

/// `Sun, 22 Nov 2026 10:00:00 GMT`
pub(crate) fn http_date(value: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()
}

/// What all retries of a client together may spend, so that an outage is not answered by a storm.
#[derive(Debug)]
pub(crate) struct Quota(std::sync::atomic::AtomicI32);

impl Quota {
    const FULL: i32 = 500;
    const PRICE: i32 = 14;

    pub(crate) fn new() -> Self {
        Self(Self::FULL.into())
    }

    /// Takes the price of one retry, if it is there.
    pub(crate) fn take(&self) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(Self::PRICE).filter(|left| *left >= 0)).is_ok()
    }

    /// A success gives a little back.
    pub(crate) fn refill(&self) {
        use std::sync::atomic::Ordering::Relaxed;
        let _ = self.0.fetch_update(Relaxed, Relaxed, |left| (left < Self::FULL).then_some(left + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attempt(safety: Safety, made: u32) -> Attempt {
        let (left, need) = (Duration::from_secs(120), Duration::ZERO);
        Attempt { safety, made, retries: 3, left, need, limited: 20, jitter: 0.5 }
    }

    #[test]
    fn a_paid_request_is_sent_again_only_when_it_certainly_did_not_happen() {
        let next = |ending| judge(attempt(Safety::Effect, 1), ending);
        for lost in
            [Ending::Unknown, Ending::Stale, Ending::Broken, Ending::Garbled, Ending::Unconfigured, Ending::Final]
        {
            assert_eq!(next(lost), Verdict::Stop, "{lost:?}");
        }
        assert!(matches!(next(Ending::NotSent { permanent: false }), Verdict::Again(_)));
        assert!(matches!(next(Ending::Limited { retry_after: Some(Duration::from_secs(2)) }), Verdict::Again(_)));
    }

    #[test]
    fn tries_are_counted_by_what_they_can_achieve() {
        let tries = |safety, ending| {
            (1..).find(|made| judge(attempt(safety, *made), ending) == Verdict::Stop).unwrap_or_default()
        };
        assert_eq!(tries(Safety::Repeatable, Ending::Unknown), 4);
        assert_eq!(tries(Safety::Repeatable, Ending::Unconfigured), 2);
        assert_eq!(tries(Safety::Effect, Ending::Limited { retry_after: None }), 3);
        assert_eq!(tries(Safety::Effect, Ending::NotSent { permanent: true }), 1);
    }

    #[test]
    fn a_rate_limit_is_obeyed_in_full_or_reported_at_once() {
        let wait = |seconds, left| {
            let attempt = Attempt { left: Duration::from_secs(left), ..attempt(Safety::Repeatable, 1) };
            judge(attempt, Ending::Limited { retry_after: Some(Duration::from_secs(seconds)) })
        };
        assert!(matches!(wait(7, 60), Verdict::Again(d) if d >= Duration::from_secs(7)));
        assert_eq!(wait(61, 60), Verdict::Stop);
        assert_eq!(wait(301, 10_000), Verdict::Stop);
        let soon = judge(attempt(Safety::Effect, 1), Ending::Limited { retry_after: Some(Duration::from_millis(1)) });
        assert!(matches!(soon, Verdict::Again(d) if d >= SHORTEST));
        assert_eq!(judge(attempt(Safety::Effect, 20), Ending::Limited { retry_after: Some(SHORTEST) }), Verdict::Stop);
    }

    #[test]
    fn what_could_not_be_answered_in_time_is_not_sent_again() {
        let late = Attempt { need: Duration::from_secs(5), left: Duration::from_secs(6), ..attempt(Safety::Effect, 1) };
        let limited = |seconds| Ending::Limited { retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(judge(late, limited(2)), Verdict::Stop);
        assert!(matches!(judge(Attempt { left: Duration::from_secs(9), ..late }, limited(2)), Verdict::Again(_)));
    }

    #[test]
    fn retry_after_is_read_as_it_was_meant_or_not_at_all() {
        let now = http_date("Sun, 22 Nov 2026 10:00:00 GMT");
        assert!(now.is_some());
        let read = |text| retry_after(text, now).map(|d| d.as_secs_f64());
        assert_eq!(read("7"), Some(7.0));
        assert_eq!(read("0.25"), Some(0.25));
        assert_eq!(read("99999999999999999999"), Some(31_536_000.0));
        assert_eq!(read("Sun, 22 Nov 2026 10:00:09 GMT"), Some(9.0));
        for odd in ["0", "-5", "NaN", "inf", "7, 8", "7s", "", ".", "1e9", "Sun, 22 Nov 2026 09:59:00 GMT"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_survived(text in ".{0,60}") {
            let _ = retry_after(&text, http_date("Sun, 22 Nov 2026 10:00:00 GMT"));
        }

        #[test]
        fn a_wait_never_passes_the_deadline(made in 1u32..20, left in 0u64..100, jitter in 0f64..1.0, after in 0u64..500) {
            let attempt = Attempt { left: Duration::from_secs(left), jitter, made, ..attempt(Safety::Repeatable, 1) };
            for ending in [Ending::Unknown, Ending::Limited { retry_after: Some(Duration::from_secs(after)) }] {
                if let Verdict::Again(wait) = judge(attempt, ending) {
                    prop_assert!(wait <= attempt.left);
                }
            }
        }
    }

    #[test]
    fn an_outage_exhausts_the_quota_and_a_success_refills_it() {
        let quota = Quota::new();
        assert_eq!((0..1000).filter(|_| quota.take()).count(), 35);
        (0..14).for_each(|_| quota.refill());
        assert!(quota.take() && !quota.take());
    }
}

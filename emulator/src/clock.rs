//! Time as the platform writes it: milliseconds since 1970, shown as ISO 8601 with milliseconds and `Z`. It goes on by
//! itself, or with the runtime's time, and can be moved.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::problem::Problem;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// How far the clock can be moved: a thousand years.
const FAR: Millis = 1000 * 366 * 24 * 3_600_000;

/// When time begins that follows the runtime's: 2026-01-05T08:00:00Z.
const BEGINNING: Millis = 1_767_600_000_000;

/// The emulator's clock: the system's or the runtime's, moved by an offset.
#[derive(Default)]
pub(crate) struct Clock {
    /// When the runtime's time began, if that is what it follows.
    since: Option<Instant>,
    offset: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// One that follows the time of the tokio runtime that this is called in, which may be virtual.
    pub(crate) fn of_runtime() -> Self {
        Self { since: Some(Instant::now()), ..Self::default() }
    }

    pub(crate) fn now(&self) -> Millis {
        self.unmoved() + self.offset.load(Ordering::SeqCst)
    }

    fn unmoved(&self) -> Millis {
        self.since.map_or_else(system, |since| BEGINNING + millis(since.elapsed()))
    }

    /// The time so long from now.
    pub(crate) fn after(&self, duration: Duration) -> Millis {
        self.now().saturating_add(millis(duration))
    }

    /// Waits on this clock: moving it forward far enough ends the wait at once.
    pub(crate) async fn sleep_until(&self, end: Millis) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            let left = end.saturating_sub(self.now());
            let Ok(left @ 1..) = u64::try_from(left) else { return };
            tokio::select! {
                biased;
                () = moved => {}
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
            }
        }
    }

    /// Moves the clock as a body says: to a time (`now`), on (`advance`) or away from the system's (`offset`).
    pub(crate) fn set(&self, body: &Map<String, Value>) -> Result<(), Problem> {
        let (member, value) = match (body.len(), body.iter().next()) {
            (1, Some((member, value))) => (member.as_str(), value),
            _ => return Err(Problem::issue("now", "Expected one of: now, advance, offset")),
        };
        let wrong = |expected: &str| Problem::issue(member, format!("Expected {expected}"));
        let span = || {
            let seconds = value.as_f64().and_then(|seconds| jiff::SignedDuration::try_from_secs_f64(seconds).ok());
            let span = seconds.and_then(|seconds| Millis::try_from(seconds.as_millis()).ok());
            span.filter(|span| (-FAR..=FAR).contains(span)).ok_or_else(|| wrong("a number of seconds"))
        };
        let offset = match member {
            "now" => {
                let time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
                time.ok_or_else(|| wrong("a time such as 2026-04-25T12:00:00Z"))?.as_millisecond() - self.unmoved()
            }
            "advance" => self.offset.load(Ordering::SeqCst) + span()?,
            "offset" => span()?,
            _ => return Err(wrong("one of: now, advance, offset")),
        };
        if !(-FAR..=FAR).contains(&offset) {
            return Err(wrong("a time less than a thousand years away"));
        }
        self.put(offset);
        Ok(())
    }

    /// Puts the clock back to the system's time.
    pub(crate) fn reset(&self) {
        self.put(0);
    }

    fn put(&self, offset: Millis) {
        self.offset.store(offset, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    pub(crate) fn json(&self) -> Value {
        let offset = self.offset.load(Ordering::SeqCst);
        json!({ "now": iso(self.now()), "offset": jiff::SignedDuration::from_millis(offset).as_secs_f64() })
    }

    /// The time as the header `Date` has it.
    pub(crate) fn date(&self) -> Option<HeaderValue> {
        let time = Timestamp::from_millisecond(self.now()).ok()?;
        HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
    }
}

fn system() -> Millis {
    Timestamp::now().as_millisecond()
}

pub(crate) fn iso(at: Millis) -> String {
    let time = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4).min(Millis::MAX / 4)
}

/// Durations in JSON: seconds, fractions allowed.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(|_| D::Error::custom("seconds must be a number from 0 upwards"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_has_milliseconds_and_z() {
        assert_eq!(super::iso(1_775_390_400_000), "2026-04-05T12:00:00.000Z");
    }
}

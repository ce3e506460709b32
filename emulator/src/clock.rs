//! Time as the platform writes it: milliseconds since 1970, shown as ISO 8601 with milliseconds and `Z`.

use std::time::Duration;

use jiff::Timestamp;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

pub(crate) fn now() -> Millis {
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

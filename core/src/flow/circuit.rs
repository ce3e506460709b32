//! Whether a client still asks with its key, after the platform refused it.
//!
//! One refusal stops every request of the client that has not gone yet. Half a minute later one goes as a probe: its
//! answer lets the others go again, or stops them for as long once more. A new client asks anew, since whoever makes
//! one may have given it other rights meanwhile.

use super::Moment;
use std::time::Duration;

/// How long nothing is sent after a refusal, and after each probe.
const HOLD: Duration = Duration::from_secs(30);

/// What a client thinks of its key.
#[derive(Debug, Default)]
pub(crate) struct Circuit(Option<Open>);

#[derive(Debug, Clone, Copy)]
struct Open {
    /// When the key was refused.
    refused: Moment,
    /// When the next probe may go.
    probe: Moment,
}

impl Circuit {
    /// How long ago the key was refused, if nothing may go now.
    pub(crate) fn blocks(&self, now: Moment) -> Option<Duration> {
        self.0.filter(|open| now < open.probe).map(|open| now.saturating_sub(open.refused))
    }

    /// Sends a request, which is the probe if nothing else may go.
    pub(crate) fn send(&mut self, now: Moment) -> Result<(), Duration> {
        if let Some(since) = self.blocks(now) {
            return Err(since);
        }
        if let Some(open) = &mut self.0 {
            open.probe = now + HOLD;
        }
        Ok(())
    }

    /// The platform refused the key.
    pub(crate) fn refused(&mut self, now: Moment) {
        self.0 = Some(Open { refused: now, probe: now + HOLD });
    }

    /// The platform knew the key of a request that was sent at that moment. Older ones say nothing of what came later.
    pub(crate) fn accepted(&mut self, sent: Moment) {
        self.0 = self.0.filter(|open| sent <= open.refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Moment {
        Duration::from_secs(seconds)
    }

    #[test]
    fn one_refusal_stops_all_and_one_probe_decides() {
        let mut circuit = Circuit::default();
        assert_eq!(circuit.send(at(1)), Ok(()));
        circuit.refused(at(2));
        assert_eq!((circuit.send(at(2)), circuit.send(at(31))), (Err(at(0)), Err(at(29))));
        assert_eq!((circuit.send(at(32)), circuit.send(at(33))), (Ok(()), Err(at(31))));
        circuit.refused(at(34));
        assert_eq!((circuit.send(at(63)), circuit.send(at(64))), (Err(at(29)), Ok(())));
        circuit.accepted(at(64));
        assert_eq!((circuit.send(at(65)), circuit.blocks(at(65))), (Ok(()), None));
    }

    #[test]
    fn a_probe_that_is_lost_is_followed_by_another() {
        let mut circuit = Circuit::default();
        circuit.refused(at(0));
        assert_eq!((circuit.send(at(30)), circuit.send(at(59)), circuit.send(at(60))), (Ok(()), Err(at(59)), Ok(())));
    }

    #[test]
    fn what_was_sent_before_the_refusal_does_not_speak_for_the_key() {
        let mut circuit = Circuit::default();
        circuit.refused(at(5));
        circuit.accepted(at(4));
        circuit.accepted(at(5));
        assert_eq!(circuit.blocks(at(6)), Some(at(1)));
    }
}

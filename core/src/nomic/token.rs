//! Tokens: a run, written so that any language can pick it up again. They hold no secret and prove nothing:
//! what comes back is checked like any other input.

use crate::{Error, ErrorKind, Result, Timestamp, config::Origin, flow::turn::Baseline, nomic::routes::check_id};

const VERSION: &str = "nk1";

/// What a token says.
#[derive(Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) agent_id: String,
    pub(crate) turn: u32,
    pub(crate) baseline: Baseline,
}

/// No conversation has so many questions; what comes back in a token is counted on.
const MOST_USERS: usize = 1 << 20;

/// `nk1.<origin>.<turn>.<user rows before>.<last change before>.<and when accepted>.<what was asked>.<agent id>`:
/// changes in µs, the question as a fingerprint, `-` for what is not known.
pub(crate) fn write(origin: &Origin, agent_id: &str, turn: u32, baseline: &Baseline) -> String {
    let micros = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.as_microsecond().to_string());
    let (before, accepted) = (micros(baseline.updated_at), micros(baseline.accepted_at));
    let (asked, users) = (baseline.asked.as_deref().unwrap_or("-"), baseline.users);
    format!("{VERSION}.{}.{turn}.{users}.{before}.{accepted}.{asked}.{agent_id}", origin.fingerprint())
}

/// Whether the text claims to be a token, of whatever version.
pub(crate) fn is_token(text: &str) -> bool {
    text.contains('.')
}

pub(crate) fn read(origin: &Origin, text: &str) -> Result<Token> {
    let broken = || Error::invalid("target", "This is not a run's token, or not a whole one.");
    let parts = text.split('.').collect::<Vec<_>>();
    let [version, fingerprint, turn, users, before, accepted, asked, agent_id] = parts.as_slice() else {
        return Err(broken());
    };
    if *version != VERSION {
        let text = "This token was written by another version of nomkit. Attach by the agent's id instead.";
        return Err(Error::invalid("target", text));
    }
    if *fingerprint != origin.fingerprint() {
        let text = format!(
            "This token belongs to another instance than {}. Use a client of the instance that the run was launched on.",
            origin.as_str()
        );
        return Err(Error::new(ErrorKind::Config, text));
    }
    let instant = |at: &str| match at {
        "-" => Ok(None),
        at => {
            let at = at.parse().ok().and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
            at.map(|at| Some(Timestamp(at))).ok_or_else(broken)
        }
    };
    let baseline = Baseline {
        users: users.parse().ok().filter(|users| *users < MOST_USERS).ok_or_else(broken)?,
        updated_at: instant(before)?,
        accepted_at: instant(accepted)?,
        asked: Some((*asked).to_owned()).filter(|asked| asked != "-"),
    };
    Ok(Token {
        agent_id: check_id("target", agent_id)?.to_owned(),
        turn: turn.parse().ok().filter(|turn| *turn > 0).ok_or_else(broken)?,
        baseline,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origin() -> Origin {
        Origin::parse("https://acme.nomic.ai").unwrap()
    }

    #[test]
    fn another_instance_is_a_configuration_error() {
        let baseline = Baseline { users: 0, updated_at: None, accepted_at: None, asked: None };
        let token = write(&Origin::parse("https://other.nomic.ai").unwrap(), "a", 1, &baseline);
        assert_eq!(read(&origin(), &token).unwrap_err().kind(), ErrorKind::Config);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in "[A-Za-z0-9_-]{1,128}", turn in 1u32.., users in 0..MOST_USERS, at in proptest::option::of(0i64..4_000_000_000_000_000)) {
            let updated_at = at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()).map(Timestamp);
            let baseline = Baseline { users, updated_at, accepted_at: updated_at, asked: Some("0a1b2c3d".into()) };
            let text = write(&origin(), &id, turn, &baseline);
            prop_assert!(text.len() <= 240);
            prop_assert_eq!(read(&origin(), &text).unwrap(), Token { agent_id: id, turn, baseline });
        }

        #[test]
        fn any_text_is_survived(text in "(nk1\\.)?.{0,80}") {
            let _ = read(&origin(), &text);
        }
    }
}

//! Every endpoint of the Nomic platform, once: nothing else spells a path.

use crate::{Error, Result, secret::shown};
use http::Method;

/// One endpoint.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Below `/api/v0`; each `{}` takes an id.
    template: &'static str,
    /// What a key must be allowed to do.
    pub(crate) scope: &'static str,
    /// The rate bucket that it draws on.
    pub(crate) tier: Tier,
    pub(crate) safety: Safety,
    /// What errors call it.
    pub(crate) operation: &'static str,
}

/// What sending it twice would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Safety {
    /// Nothing, or nothing more than once: it is sent again whenever that may help.
    Repeatable,
    /// Paid work twice: it is sent again only if the server certainly did not act.
    Effect,
}

/// The platform's rate buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Standard,
    Heavy,
}

impl Tier {
    pub(crate) const ALL: [Self; 2] = [Self::Standard, Self::Heavy];

    /// How many requests a minute are documented.
    pub(crate) fn limit(self) -> u32 {
        match self {
            Self::Standard => 300,
            Self::Heavy => 30,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Heavy => "heavy",
        }
    }
}

macro_rules! routes {
    ($($name:ident: $method:ident $template:literal $scope:literal $tier:ident $safety:ident $operation:literal;)*) => {
        $(pub(crate) const $name: &Route = &Route {
            method: Method::$method, template: $template, scope: $scope,
            tier: Tier::$tier, safety: Safety::$safety, operation: $operation,
        };)*
    };
}

routes! {
    UPLOAD:       POST   "/files/upload"              "developer:files" Heavy    Effect     "files.upload";
    SEARCH:       GET    "/files/search"              "developer:files" Standard Repeatable "files.search";
    WORKFLOWS:    GET    "/workflows"                 "developer:agent" Standard Repeatable "workflows.list";
    LAUNCH:       POST   "/agents"                    "developer:agent" Heavy    Effect     "agents.launch";
    LIST:         GET    "/agents"                    "developer:agent" Standard Repeatable "agents.list";
    GET:          GET    "/agents/{}"                 "developer:agent" Standard Repeatable "agents.get";
    CONVERSATION: GET    "/agents/{}/conversation"    "developer:agent" Standard Repeatable "agents.conversation";
    ARTIFACT:     GET    "/agents/{}/artifacts/{}"    "developer:agent" Standard Repeatable "agents.artifact";
    STOP:         POST   "/agents/{}/stop"            "developer:agent" Standard Repeatable "agents.stop";
    DELETE:       DELETE "/agents/{}"                 "developer:agent" Standard Repeatable "agents.delete";
    FOLLOW_UP:    POST   "/agents/{}/followup"        "developer:agent" Heavy    Effect     "agents.follow_up";
}

impl Route {
    /// The path with its ids, each checked before any URL exists.
    pub(crate) fn path(&self, ids: &[(&str, &str)]) -> Result<String> {
        let mut ids = ids.iter();
        let mut path = String::new();
        for (i, part) in self.template.split("{}").enumerate() {
            if i > 0 {
                let (argument, id) = ids.next().copied().unwrap_or(("id", ""));
                path.push_str(check_id(argument, id)?);
            }
            path.push_str(part);
        }
        Ok(path)
    }
}

/// Ids go into paths, so they are plain words.
pub(crate) fn check_id<'i>(argument: &str, id: &'i str) -> Result<&'i str> {
    if id.starts_with("npk_") {
        let message = format!("`{argument}` should be an id; what is given is an API key, which goes into no URL.");
        return Err(Error::invalid(argument, message));
    }
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain && (1..=128).contains(&id.len()) {
        return Ok(id);
    }
    Err(Error::invalid(
        argument,
        format!("`{argument}` is not an id: `{}`. An id has letters, digits, `-` and `_` only.", shown(id)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_fill_the_template_in_order() {
        assert_eq!(ARTIFACT.path(&[("id", "a1"), ("artifact_id", "b_2")]).unwrap(), "/agents/a1/artifacts/b_2");
        assert_eq!(LAUNCH.path(&[]).unwrap(), "/agents");
    }

    #[test]
    fn i03_what_could_lead_elsewhere_is_refused() {
        for id in ["", ".", "..", "x/../api-keys/1/revoke", "%2e%2e", "a?b", "a#b", "a b", "é", &"a".repeat(129)] {
            let error = GET.path(&[("id", id)]).unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.detail("argument").unwrap().as_str()),
                ("invalid_input", Some("id"))
            );
        }
    }

    #[test]
    fn a_key_in_an_ids_place_is_refused_and_not_quoted() {
        let error = GET.path(&[("id", "npk_0123456789abcdef")]).unwrap_err();
        assert_eq!(error.code.as_str(), "invalid_input");
        assert!(error.message.contains("API key") && !error.message.contains("0123"), "{}", error.message);
    }

    proptest! {
        #[test]
        fn an_accepted_id_adds_exactly_one_segment(id in ".{0,140}") {
            if let Ok(path) = STOP.path(&[("id", &id)]) {
                prop_assert_eq!(path.split('/').collect::<Vec<_>>(), vec!["", "agents", id.as_str(), "stop"]);
            }
        }
    }
}

//! Where to send and with which key: the two resolve as a pair.

use crate::{
    Error, ErrorKind, Result,
    secret::{ApiKey, shown},
};
use nomkit_macros::options;
use std::{net::IpAddr, path::PathBuf, time::Duration};
use url::{Host, Url};

const BASE_PATH: &str = "/api/v0";

/// How a client is set up. What is left out comes from the environment:
/// `NOMIC_API_KEY`, and `NOMIC_BASE_URL` or `NOMIC_DOMAIN`.
#[options(private)]
pub struct ClientOptions {
    /// The instance's name: `acme` means `https://acme.nomic.ai`.
    pub domain: Option<String>,
    /// The instance's URL, instead of `domain`; `http` only on loopback.
    pub base_url: Option<String>,
    /// A key of the Developer Console, `npk_…`.
    pub api_key: Option<ApiKey>,
    /// Seconds that one request may take, 60 by default; uploads have their own limits.
    pub timeout: Option<f64>,
    /// How many times a request is made again where that is safe, 3 by default.
    pub retries: Option<u32>,
    /// A proxy's URL; `HTTPS_PROXY` and `NO_PROXY` otherwise. Never used for loopback.
    pub proxy: Option<String>,
    /// A PEM file of certificates to trust besides the system's.
    pub ca_certs: Option<String>,
    /// What to add to the `User-Agent` header.
    pub user_agent: Option<String>,
    /// Whether requests wait for the platform's limits here rather than be refused there; true by default. All clients
    /// of a process with the same key share the limits.
    pub pace: Option<bool>,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) origin: Origin,
    pub(crate) api_key: ApiKey,
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) proxy: Option<Url>,
    pub(crate) ca_certs: Option<PathBuf>,
    pub(crate) user_agent: String,
    pub(crate) pace: bool,
}

/// Scheme, host and port, checked to be safe to send a key to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(Url);

impl Config {
    pub(crate) fn resolve(options: ClientOptions) -> Result<Self> {
        Self::resolve_with(options, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    pub(crate) fn resolve_with(options: ClientOptions, environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let given = Origin::choose(options.base_url.as_deref(), options.domain.as_deref(), "the arguments")?;
        let (base_url, domain) = (environment("NOMIC_BASE_URL"), environment("NOMIC_DOMAIN"));
        // Read only when needed: a broken variable must not stop a client that does not use it.
        let ambient = || Origin::choose(base_url.as_deref(), domain.as_deref(), "the environment");
        let ambient_key = || environment("NOMIC_API_KEY").map(ApiKey::from).ok_or_else(no_key);
        let (origin, key) = match (given, options.api_key) {
            (Some(origin), Some(key)) => (origin, key),
            (None, Some(key)) => (ambient()?.ok_or_else(no_origin)?, key),
            (Some(origin), None) => {
                let key = ambient_key()?;
                // A key that the environment binds to one host is never sent to another.
                match ambient()? {
                    Some(bound) if bound != origin => return Err(unpaired(&origin, &bound)),
                    _ => (origin, key),
                }
            }
            (None, None) => (ambient()?.ok_or_else(no_origin)?, ambient_key()?),
        };
        Ok(Self {
            origin,
            api_key: key.check()?,
            timeout: seconds("timeout", options.timeout.unwrap_or(60.0))?,
            retries: options.retries.unwrap_or(3).min(10),
            proxy: options.proxy.as_deref().map(proxy).transpose()?,
            ca_certs: options.ca_certs.map(PathBuf::from),
            user_agent: user_agent(options.user_agent.as_deref())?,
            pace: options.pace.unwrap_or(true),
        })
    }
}

impl Origin {
    fn choose(base_url: Option<&str>, domain: Option<&str>, place: &str) -> Result<Option<Self>> {
        match (base_url, domain) {
            (Some(_), Some(_)) => Err(config(format!("Give a base URL or a domain, not both (both are in {place})."))),
            (Some(url), None) => Self::parse(url).map(Some),
            (None, Some(domain)) => Self::of_domain(domain).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// `acme` and `acme.drive` are names below nomic.ai; nothing is guessed.
    fn of_domain(domain: &str) -> Result<Self> {
        let label = |l: &str| {
            let edges = !l.starts_with('-') && !l.ends_with('-');
            (1..=63).contains(&l.len()) && edges && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let is_host = domain.to_ascii_lowercase().ends_with(".nomic.ai");
        if is_host || !domain.split('.').all(label) || domain.len() > 200 {
            return Err(config(format!(
                "`{}` is not an instance's name. Give the part before `.nomic.ai`, such as `acme`, or a base URL.",
                shown(domain)
            )));
        }
        Self::parse(&format!("https://{}.nomic.ai", domain.to_ascii_lowercase()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let url = Url::parse(text.trim())
            .map_err(|_| config("The base URL is not a URL. Give one such as `https://acme.nomic.ai`.".to_owned()))?;
        let host = url.host().ok_or_else(|| config("The base URL names no host.".to_owned()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(config(format!("The base URL of `{host}` holds a user name or password. Leave them out.")));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(config(format!("The base URL of `{host}` has a query or a fragment. Leave them out.")));
        }
        let path = url.path().trim_end_matches('/');
        if !path.is_empty() && path != BASE_PATH {
            return Err(config(format!(
                "The base URL of `{host}` has a path. Give the host alone, or `…{BASE_PATH}`."
            )));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => {
                return Err(config(format!(
                    "`http://` would send the key to `{host}` in the clear. Use `https://`; `http://` is for loopback only."
                )));
            }
            _ => return Err(config(format!("The base URL of `{host}` must start with `https://`."))),
        }
        let mut origin = url.clone();
        origin.set_path("");
        Ok(Self(origin))
    }

    /// `https://acme.nomic.ai`
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.0.host().is_some_and(|host| is_loopback(&host))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Where connections go.
    #[cfg(feature = "doctor")]
    pub(crate) fn host_and_port(&self) -> Option<(String, u16)> {
        Some((self.0.host_str()?.to_owned(), self.0.port_or_known_default()?))
    }

    /// The URL of an endpoint; `path` comes from the route table with checked ids.
    pub(crate) fn endpoint(&self, path: &str, query: &[(&'static str, String)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{BASE_PATH}{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// What a run's token carries instead of the host's name.
    pub(crate) fn fingerprint(&self) -> String {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(self.as_str().as_bytes());
        digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(ip) => IpAddr::from(*ip).is_loopback(),
        Host::Ipv6(ip) => IpAddr::from(*ip).is_loopback(),
    }
}

/// A span of time that a user gave in seconds.
pub(crate) fn seconds(argument: &str, value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|d| !d.is_zero() && *d <= Duration::from_secs(366 * 86_400))
        .ok_or_else(|| Error::invalid(argument, format!("`{argument}` should be longer than 0, and a year at most.")))
}

fn proxy(text: &str) -> Result<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        .ok_or_else(|| config("The proxy is not a URL such as `http://proxy.example:3128`.".to_owned()))
}

fn user_agent(suffix: Option<&str>) -> Result<String> {
    let own = concat!("nomkit/", env!("CARGO_PKG_VERSION"));
    match suffix {
        None => Ok(own.to_owned()),
        Some(s) if s.len() <= 200 && s.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) => Ok(format!("{own} {s}")),
        Some(_) => Err(config("The user agent may hold visible ASCII characters and spaces, 200 at most.".to_owned())),
    }
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn no_origin() -> Error {
    config("No instance is named. Give `domain` or `base_url`, or set NOMIC_DOMAIN or NOMIC_BASE_URL.".to_owned())
}

fn no_key() -> Error {
    config("No API key is given. Give `api_key`, or set NOMIC_API_KEY.".to_owned())
}

fn unpaired(given: &Origin, bound: &Origin) -> Error {
    config(format!(
        "The environment's key belongs to {}, but the client was pointed at {}. Give `api_key` together with the URL.",
        bound.as_str(),
        given.as_str()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(options: ClientOptions, environment: &[(&str, &str)]) -> Result<Config> {
        Config::resolve_with(options, |name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn origin(options: ClientOptions, environment: &[(&str, &str)]) -> String {
        resolve(options, environment).unwrap().origin.as_str().to_owned()
    }

    const AMBIENT: &[(&str, &str)] = &[("NOMIC_API_KEY", "npk_ambient"), ("NOMIC_DOMAIN", "acme")];

    #[test]
    fn key_and_origin_come_as_a_pair() {
        let none = ClientOptions::default;
        assert_eq!(origin(none(), AMBIENT), "https://acme.nomic.ai");
        assert_eq!(origin(none().domain("acme.drive").api_key("npk_own"), AMBIENT), "https://acme.drive.nomic.ai");
        assert_eq!(origin(none().api_key("npk_own"), AMBIENT), "https://acme.nomic.ai");
        assert_eq!(origin(none().domain("acme"), AMBIENT), "https://acme.nomic.ai");
        assert_eq!(origin(none().domain("acme"), &AMBIENT[..1]), "https://acme.nomic.ai");
        // The environment's key belongs to acme, so it goes nowhere else.
        let error = resolve(none().base_url("https://elsewhere.example"), AMBIENT).unwrap_err();
        assert!(error.message.contains("belongs to https://acme.nomic.ai"), "{error}");
        for missing in [&AMBIENT[..1], &AMBIENT[1..], &[]] {
            assert_eq!(resolve(none(), missing).unwrap_err().kind(), ErrorKind::Config);
        }
    }

    #[test]
    fn an_origin_is_safe_or_refused_without_showing_a_key() {
        let parse = |text: &str| Origin::parse(text).map(|origin| origin.as_str().to_owned());
        for (given, kept) in [
            ("https://acme.nomic.ai", "https://acme.nomic.ai"),
            ("https://ACME.nomic.ai/", "https://acme.nomic.ai"),
            ("https://acme.nomic.ai/api/v0/", "https://acme.nomic.ai"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:80/", "http://[::1]"),
            ("http://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(parse(given).unwrap(), kept);
        }
        for bad in [
            "acme",
            "http://acme.nomic.ai",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "ftp://acme.nomic.ai",
            "https://user:npk_secretsecret@acme.nomic.ai",
            "https://acme.nomic.ai/?key=npk_secretsecret",
            "https://acme.nomic.ai/npk_secretsecret",
            "https://acme.nomic.ai/#npk_secretsecret",
            "file:///etc/passwd",
            "",
        ] {
            let error = parse(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.message.contains("secret"), "{error}");
        }
        for bad in ["a/b", "evil.example/x#", "-a", "a-.b", "", "a..b", "npk_secretsecret", "a b", "user@evil"] {
            assert!(!Origin::of_domain(bad).unwrap_err().message.contains("secret"));
        }
    }

    #[test]
    fn numbers_and_texts_are_checked() {
        let base = || ClientOptions::default().domain("acme").api_key("npk_own");
        for bad in [base().timeout(0.0), base().timeout(-1.0), base().timeout(f64::NAN), base().timeout(1e12)] {
            assert_eq!(resolve(bad, &[]).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert!(resolve(base().user_agent("a\r\nX: y"), &[]).is_err());
        assert!(resolve(base().proxy("nonsense"), &[]).is_err());
        assert!(resolve(base().user_agent("notebook/2").timeout(5.0), &[]).unwrap().user_agent.ends_with("notebook/2"));
    }
}

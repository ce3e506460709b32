//! The configuration in force, and where each part of it comes from.

use super::Finding;
use crate::{ClientOptions, config::Config, secret::shown};

/// The instance and the key.
pub(super) fn configuration(options: &ClientOptions, config: &Config) -> [Finding; 2] {
    let origin = match (&options.base_url, &options.domain) {
        (Some(_), _) => "the argument `base_url`",
        (_, Some(_)) => "the argument `domain`",
        _ if variable("NOMIC_BASE_URL").is_some() => "NOMIC_BASE_URL",
        _ => "NOMIC_DOMAIN",
    };
    let key = if options.api_key.is_some() { "the argument `api_key`" } else { "NOMIC_API_KEY" };
    let shape = format!("{:?}", config.api_key);
    [
        Finding::ok("configuration", format!("{} (from {origin})", config.origin.as_str()))
            .with("origin", config.origin.as_str())
            .with("from", origin),
        Finding::ok("key", format!("{shape} (from {key})")).with("key", shape).with("from", key),
    ]
}

/// Whose certificates are trusted. Plain loopback needs none.
pub(super) fn authorities(config: &Config) -> Option<Finding> {
    if !config.origin.is_https() {
        return None;
    }
    let mut sources = Vec::new();
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let Some(path) = variable(name) else { continue };
        if let Err(error) = std::fs::metadata(&path) {
            let text = format!("{name} names `{}`, which cannot be read: {error}", shown(&path));
            return Some(Finding::warn("authorities", text, format!("Correct {name}, or unset it.")).with(name, path));
        }
        sources.push(format!("{name}={}", shown(&path)));
    }
    if sources.is_empty() {
        sources.push("the system's".to_owned());
    }
    if let Some(path) = &config.ca_certs {
        sources.push(format!("`ca_certs` {}", shown(&path.to_string_lossy())));
    }
    let text = sources.join(", ");
    let foreign = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
    let foreign = foreign.into_iter().find(|name| variable(name).is_some());
    let unread = foreign.filter(|_| variable("SSL_CERT_FILE").is_none() && config.ca_certs.is_none());
    Some(match unread {
        Some(name) => {
            let advice = format!("If your network needs its own authority, set SSL_CERT_FILE to what {name} names.");
            Finding::warn("authorities", format!("{text}; {name} is set, and not read here"), advice)
        }
        None => Finding::ok("authorities", text),
    })
}

/// A variable that says something.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

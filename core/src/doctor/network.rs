//! The way to the server: a proxy or none, its name, a connection.

use super::{Finding, setting::variable};
use crate::{
    ErrorKind,
    config::Config,
    secret::{excerpt, shown},
};
use http::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};

const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer of a proxy.
const LONGEST: usize = 16 * 1024;

/// What stands between this machine and the server, as the client itself sees it.
pub(super) enum Proxy {
    None(&'static str),
    /// Its host and port, and what it wants to be told.
    Http(String, u16, Option<HeaderValue>),
    /// One that is spoken to in another way than plain HTTP.
    Other(String),
}

/// The proxy that the client takes for this server.
pub(super) fn proxy(config: &Config) -> Proxy {
    if config.origin.is_loopback() {
        return Proxy::None("loopback never uses one");
    }
    let matcher = match &config.proxy {
        Some(proxy) => {
            let except = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
            Matcher::builder().all(proxy.as_str()).no(except.as_str()).build()
        }
        None => Matcher::from_system(),
    };
    let Some(taken) = config.origin.as_str().parse().ok().and_then(|uri| matcher.intercept(&uri)) else {
        return Proxy::None("none is set for this server");
    };
    let uri = taken.uri();
    let host = uri.host().unwrap_or_default().to_owned();
    match uri.scheme_str() {
        Some("http") | None => Proxy::Http(host, uri.port_u16().unwrap_or(80), taken.basic_auth().cloned()),
        Some(scheme) => Proxy::Other(format!("{}://{}", shown(scheme), shown(&host))),
    }
}

impl Proxy {
    pub(super) fn finding(&self) -> Finding {
        let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];
        let set = names.into_iter().filter(|name| variable(name).is_some()).collect::<Vec<_>>();
        let finding = match self {
            Self::None(why) => Finding::ok("proxy", format!("none ({why})")),
            Self::Http(host, port, _) => Finding::ok("proxy", format!("{}:{port}", shown(host))),
            Self::Other(proxy) => Finding::ok("proxy", format!("{proxy}; what lies behind it is not looked at")),
        };
        finding.with("variables", set)
    }
}

/// A connection to the server, through the proxy if there is one.
pub(super) async fn connect(config: &Config, proxy: &Proxy, tell: &mut impl FnMut(Finding)) -> Option<TcpStream> {
    let (server, port) = config.origin.host_and_port()?;
    let (host, port, through) = match proxy {
        Proxy::None(_) => (server.clone(), port, None),
        Proxy::Http(host, at, credentials) => (host.clone(), *at, Some((format!("{server}:{port}"), credentials))),
        Proxy::Other(_) => return None,
    };
    let addresses = resolve(&host, port, tell).await?;
    let mut stream = reach(&host, &addresses, tell).await?;
    if let Some((target, credentials)) = through {
        tunnel(&mut stream, &target, credentials.as_ref(), tell).await?;
    }
    Some(stream)
}

async fn resolve(host: &str, port: u16, tell: &mut impl FnMut(Finding)) -> Option<Vec<SocketAddr>> {
    let started = Instant::now();
    let plain = host.trim_matches(['[', ']']);
    let found = timeout(PATIENCE, lookup_host((plain, port))).await;
    let advice = "Check the name, the network, and whether a VPN or a proxy (HTTPS_PROXY) is needed.";
    let why = match found {
        Ok(Ok(found)) => {
            let addresses = found.collect::<Vec<_>>();
            let told = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>();
            let text = format!("{} is {}", shown(host), told.join(", "));
            tell(Finding::ok("name", text).with("addresses", told).with("seconds", seconds(started)));
            return Some(addresses);
        }
        Ok(Err(error)) => shown(&error.to_string()),
        Err(_) => "no answer within 10 s".to_owned(),
    };
    tell(Finding::fail("name", ErrorKind::Connect, format!("{} cannot be resolved: {why}", shown(host)), advice));
    None
}

async fn reach(host: &str, addresses: &[SocketAddr], tell: &mut impl FnMut(Finding)) -> Option<TcpStream> {
    let mut failures = Vec::new();
    for address in addresses {
        let started = Instant::now();
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let text = format!("{address} in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
                let finding = match failures.is_empty() {
                    true => Finding::ok("connection", text),
                    false => Finding::warn("connection", text, format!("Others fail: {}", failures.join("; "))),
                };
                tell(finding.with("address", address.to_string()).with("seconds", seconds(started)));
                return Some(stream);
            }
            Ok(Err(error)) => failures.push(format!("{address}: {}", shown(&error.to_string()))),
            Err(_) => failures.push(format!("{address}: no answer within 10 s")),
        }
    }
    let text = format!("{} cannot be reached ({})", shown(host), failures.join("; "));
    let advice = "Check the port, the network, and whether a firewall, a VPN or a proxy stands between.";
    tell(Finding::fail("connection", ErrorKind::Connect, text, advice));
    None
}

/// Asks the proxy for a connection to the server.
async fn tunnel(
    stream: &mut TcpStream,
    target: &str,
    credentials: Option<&HeaderValue>,
    tell: &mut impl FnMut(Finding),
) -> Option<()> {
    let mut ask = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(credentials) = credentials {
        ask.extend_from_slice(b"Proxy-Authorization: ");
        ask.extend_from_slice(credentials.as_bytes());
        ask.extend_from_slice(b"\r\n");
    }
    ask.extend_from_slice(b"\r\n");
    let exchange = async {
        stream.write_all(&ask).await?;
        let mut head = Vec::new();
        // Byte by byte: what follows the head belongs to TLS.
        while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST {
            head.push(stream.read_u8().await?);
        }
        Ok::<_, std::io::Error>(head)
    };
    let said = match timeout(PATIENCE, exchange).await {
        Ok(Ok(head)) => String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer within 10 s".to_owned(),
    };
    if said.split(' ').nth(1) == Some("200") {
        tell(Finding::ok("tunnel", format!("the proxy connects to {}", shown(target))));
        return Some(());
    }
    let text = format!("The proxy does not connect to {} ({})", shown(target), excerpt(&said, 120));
    let advice = "Check HTTPS_PROXY and its user name and password, or name the server in NO_PROXY.";
    tell(Finding::fail("tunnel", ErrorKind::Proxy, text, advice));
    None
}

fn seconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64()
}

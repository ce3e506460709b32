//! The transport over real sockets.

use super::transport::{Failure, Request, Response, Transport};
use crate::{
    Error, ErrorKind, Result,
    config::Config,
    runtime::{self, PerProcess},
};
use futures_util::{StreamExt, TryStreamExt, future::BoxFuture};
use once_cell::sync::OnceCell;
use rustls::{client::danger::ServerCertVerifier, crypto::CryptoProvider, pki_types::CertificateDer};
use std::{
    error::Error as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::runtime::{Handle, Id};

type Verifier = dyn ServerCertVerifier;

const CONNECT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);

/// The two pools of one runtime: connections that are kept, and connections that serve one request.
#[derive(Clone)]
pub(crate) struct Clients {
    kept: reqwest::Client,
    fresh: reqwest::Client,
}

/// What the clients of all runtimes share: one TLS configuration, so that roots load once and sessions resume.
pub(crate) struct Sockets {
    config: Arc<Config>,
    process: PerProcess<Process>,
}

#[derive(Default)]
struct Process {
    tls: OnceCell<rustls::ClientConfig>,
    /// The clients of the runtime that last sent without a lane.
    own: Mutex<Option<(Id, Clients)>>,
}

impl Sockets {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config, process: PerProcess::new() }
    }

    /// Drops the pools of the caller's own runtime.
    pub(crate) fn clear(&self) {
        self.process.get().own.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// New pools; they belong to the runtime that first uses them.
    pub(crate) fn clients(&self) -> Result<Clients> {
        let process = self.process.get();
        let tls = process.tls.get_or_try_init(|| tls(&self.config))?;
        Ok(Clients { kept: self.client(tls, 64)?, fresh: self.client(tls, 0)? })
    }

    fn client(&self, tls: &rustls::ClientConfig, kept: usize) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(kept);
        if self.config.origin.is_loopback() {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &self.config.proxy {
            let proxy = reqwest::Proxy::all(proxy.as_str())
                .map_err(|_| Error::new(ErrorKind::Config, "The proxy's URL cannot be used."))?;
            builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_env()));
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Config, format!("The HTTP client cannot be set up: {}.", reason(&error)))
        })
    }

    /// The pools of the lane that drives this future, or of the caller's own runtime.
    fn here(&self) -> Result<Clients> {
        if let Some(clients) = runtime::lane_clients() {
            return Ok(clients);
        }
        let runtime = Handle::try_current()
            .map_err(|_| Error::new(ErrorKind::Unexpected, "The asynchronous client needs a tokio runtime."))?
            .id();
        let process = self.process.get();
        let mut own = process.own.lock().unwrap_or_else(PoisonError::into_inner);
        match &*own {
            Some((id, clients)) if *id == runtime => Ok(clients.clone()),
            _ => {
                let clients = self.clients()?;
                *own = Some((runtime, clients.clone()));
                Ok(clients)
            }
        }
    }
}

impl Transport for Sockets {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        let clients = self.here();
        Box::pin(async move {
            let clients = clients.map_err(|error| Failure::not_sent(error.kind(), error.message.clone()))?;
            let client = if request.fresh { clients.fresh } else { clients.kept };
            let mut builder = client.request(request.method, request.url).headers(request.headers);
            if request.payload.content_type().is_some() {
                builder = builder.body(reqwest::Body::wrap(request.payload.open(request.begun)));
            }
            let response = builder.send().await.map_err(|error| failure(&error))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.bytes_stream().map_err(|error| failure(&error)).boxed();
            Ok(Response { status, headers, body })
        })
    }
}

fn tls(config: &Config) -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let broken =
        |error: &dyn std::fmt::Display| Error::new(ErrorKind::Config, format!("TLS cannot be set up: {error}."));
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(&error))?;
    // Plain loopback needs no roots, and loading them costs more than a request.
    if !config.origin.is_https() {
        let none = rustls::RootCertStore::empty();
        return Ok(builder.with_root_certificates(none).with_no_client_auth());
    }
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier(config)?).with_no_client_auth())
}

/// Whom the client trusts, and the authorities that were given.
pub(crate) fn verifier(config: &Config) -> Result<Arc<Verifier>> {
    let extra = match &config.ca_certs {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    trust(extra, Arc::new(rustls::crypto::ring::default_provider()))
        .map_err(|error| Error::new(ErrorKind::Config, format!("TLS cannot be set up: {error}.")))
}

/// The system's authorities.
#[cfg(not(target_os = "android"))]
fn trust(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Arc<Verifier>, rustls::Error> {
    rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider).map(|verifier| Arc::new(verifier) as _)
}

#[cfg(target_os = "android")]
use bundled as trust;

/// Mozilla's authorities, as they were when this was built. Android's own can be reached only from Java, by a call that
/// every app would have to make first.
#[cfg(any(test, target_os = "android"))]
fn bundled(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Arc<Verifier>, rustls::Error> {
    let mut roots = mozilla();
    // Unlike theirs, one that was given must be usable.
    extra.into_iter().try_for_each(|own| roots.add(own))?;
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
    verifier.map(|verifier| verifier as _).map_err(|error| rustls::Error::General(error.to_string()))
}

#[cfg(any(test, target_os = "android"))]
fn mozilla() -> rustls::RootCertStore {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    roots
}

fn certificates(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>> {
    use rustls::pki_types::pem::PemObject;
    let unusable = |why: String| {
        let path = crate::secret::shown(&path.to_string_lossy());
        Error::new(ErrorKind::Config, format!("`ca_certs` (`{path}`) cannot be used: {why}."))
    };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let found = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| unusable("it is not PEM".to_owned()))?;
    if found.is_empty() { Err(unusable("it holds no certificate".to_owned())) } else { Ok(found) }
}

/// Sorts reqwest's error by what it proves; its own text may hold a URL and is never shown.
fn failure(error: &reqwest::Error) -> Failure {
    let why = reason(error);
    if !error.is_connect() {
        if causes(error).any(|cause| cause.downcast_ref().is_some_and(hyper::Error::is_parse)) {
            return Failure::protocol("framing", format!("The answer is not HTTP as it should be ({why})"));
        }
        return Failure::after_send(
            ErrorKind::Transport,
            format!("The connection broke before the answer was whole ({why})"),
        );
    }
    match causes(error).find_map(tls_cause) {
        Some(rustls::Error::InvalidCertificate(_)) => {
            let text = "The server's certificate could not be trusted";
            return Failure::not_sent(ErrorKind::Tls, format!("{text} ({why}). Add its authority with `ca_certs`"));
        }
        Some(_) => {
            let text = "The server does not speak TLS 1.2 or 1.3 there";
            return Failure::not_sent(ErrorKind::Tls, format!("{text} ({why}). Check the base URL and its port"));
        }
        None => {}
    }
    if causes(error).any(|cause| cause.to_string().starts_with("tunnel error")) {
        let refused = Failure::not_sent(ErrorKind::Proxy, format!("The proxy made no connection ({why})"));
        return if why.contains("authorization") { refused.for_good() } else { refused };
    }
    Failure::not_sent(
        ErrorKind::Connect,
        format!("The server could not be reached ({why}). Check the base URL and the network"),
    )
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// TLS errors travel inside those of input and output, and these inside each other.
fn tls_cause<'e>(mut cause: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    while let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = inner;
    }
    cause.downcast_ref()
}

/// The innermost cause, which never names a URL.
fn reason(error: &reqwest::Error) -> String {
    match causes(error).last() {
        Some(cause) => crate::secret::shown(&cause.to_string()),
        None if error.is_timeout() => "timed out".to_owned(),
        None => "no further reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::{ServerName, UnixTime};

    #[test]
    fn bundled_authorities_are_trusted_and_those_that_were_given_and_no_others() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let served = CertificateParams::new(vec!["nomic.test".to_owned()]).unwrap().signed_by(&key, &own).unwrap();
        let (name, now) = (ServerName::try_from("nomic.test").unwrap(), UnixTime::now());
        let provider = || Arc::new(rustls::crypto::ring::default_provider());
        let verify = |trust: &Verifier| trust.verify_server_cert(served.der(), &[], &name, &[], now).map(drop);

        let unknown = verify(&*bundled(Vec::new(), provider()).unwrap()).unwrap_err();
        assert!(matches!(unknown, rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)));
        let given = bundled(vec![own.der().clone()], provider()).unwrap();
        assert_eq!(verify(&*given), Ok(()));
        assert!(mozilla().len() > 100, "{}", mozilla().len());
        assert!(bundled(vec![CertificateDer::from(vec![0; 8])], provider()).is_err());
    }
}

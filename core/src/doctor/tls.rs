//! The handshake, and each certificate that the server shows. Nothing is sent on this connection.

use super::Finding;
use crate::{
    Error, ErrorKind, JsonMap,
    config::Config,
    http::reqwest::verifier,
    secret::{excerpt, shown},
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

const PATIENCE: Duration = Duration::from_secs(10);
/// A certificate that ends sooner is worth a word.
const SOON: i64 = 14 * 86_400;

/// Asks the client's own verifier, keeps what it said, and lets the handshake go on, so that all of it can be told.
#[derive(Debug)]
struct Witness {
    judge: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    objection: Option<rustls::Error>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let objection = self.judge.verify_server_cert(own, others, name, stapled, now).err();
        let chain = [own].into_iter().chain(others).map(|certificate| certificate.clone().into_owned()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { chain, objection };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

/// Whether a key may be sent there.
pub(super) async fn shake_hands(config: &Config, stream: TcpStream, tell: &mut impl FnMut(Finding)) -> bool {
    let (setup, name) = match witness(config) {
        Ok(made) => made,
        Err(error) => {
            tell(Finding::of("tls", &error));
            return false;
        }
    };
    let (witness, client) = setup;
    let shaken = timeout(PATIENCE, TlsConnector::from(Arc::new(client)).connect(name, stream)).await;
    let seen = std::mem::take(&mut *witness.seen.lock().unwrap_or_else(PoisonError::into_inner));
    let session = match shaken {
        Ok(Ok(stream)) => {
            let session = stream.get_ref().1;
            let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or("?");
            let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("?");
            Ok((version.replace("TLSv1_", "TLS 1."), suite))
        }
        Ok(Err(error)) => Err(shown(&error.to_string())),
        Err(_) => Err("no answer within 10 s".to_owned()),
    };
    let now = jiff::Timestamp::now().as_second();
    let chain = seen.chain.iter().map(|certificate| describe(certificate, now)).collect::<Vec<_>>();
    let trusted = seen.objection.is_none();
    match (session, seen.objection) {
        (Err(why), _) => {
            let advice = "Check the base URL and its port; a proxy or a firewall may break off encrypted connections.";
            tell(Finding::fail("tls", ErrorKind::Tls, format!("The handshake failed: {why}"), advice));
        }
        (Ok((version, suite)), None) => {
            let finding = Finding::ok("tls", format!("trusted, {version}, {suite}"));
            tell(finding.with("trusted", true).with("version", version).with("cipher", suite));
        }
        (Ok((version, suite)), Some(objection)) => {
            let (why, advice) = explain(&objection);
            let finding = Finding::fail("tls", ErrorKind::Tls, format!("Not trusted: {why}"), advice);
            tell(finding.with("trusted", false).with("version", version).with("cipher", suite));
        }
    }
    chain.into_iter().for_each(&mut *tell);
    trusted && !matches!(seen.chain.len(), 0)
}

type Setup = ((Arc<Witness>, ClientConfig), ServerName<'static>);

fn witness(config: &Config) -> Result<Setup, Error> {
    let broken =
        |error: &dyn std::fmt::Display| Error::new(ErrorKind::Config, format!("TLS cannot be set up: {error}."));
    let (host, _) = config.origin.host_and_port().unwrap_or_default();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|error| broken(&error))?;
    let witness = Arc::new(Witness { judge: verifier(config)?, seen: Mutex::default() });
    let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(&error))?
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_no_client_auth();
    Ok(((witness, client), name))
}

fn explain(objection: &rustls::Error) -> (String, &'static str) {
    let rustls::Error::InvalidCertificate(objection) = objection else {
        return (shown(&objection.to_string()), "Ask who runs the server.");
    };
    let (why, advice) = match objection {
        CertificateError::UnknownIssuer => (
            "its authority is unknown here",
            "If your network has an authority of its own, give its certificate (SSL_CERT_FILE, or `ca_certs`).",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("it has expired", "Ask who runs the server to renew it; or this machine's clock is wrong.")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("it is not valid yet", "This machine's clock may be wrong.")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("it is for another name", "Check the base URL: something else answers under this name.")
        }
        CertificateError::Revoked => ("it was revoked", "Ask who runs the server."),
        other => return (excerpt(&format!("{other:?}"), 120), "Ask who runs the server."),
    };
    (why.to_owned(), advice)
}

/// One certificate.
fn describe(certificate: &CertificateDer<'_>, now: i64) -> Finding {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Finding::warn("certificate", "It cannot be read", "Ask who runs the server.");
    };
    let (subject, issuer) = (excerpt(&parsed.subject().to_string(), 200), excerpt(&parsed.issuer().to_string(), 200));
    let until = parsed.validity().not_after.timestamp();
    let expires = jiff::Timestamp::from_second(until).map_or_else(|_| "?".to_owned(), |at| at.to_string());
    let day = expires.split('T').next().unwrap_or_default().to_owned();
    let text = format!("{subject}, issued by {issuer}, until {day}");
    let days = (until - now).div_euclid(86_400);
    let finding = match until - now {
        ..=0 => Finding::warn("certificate", text, "It has expired."),
        1..SOON => Finding::warn("certificate", text, format!("It expires in {days} days.")),
        _ => Finding::ok("certificate", text),
    };
    let details = [("subject", subject), ("issuer", issuer), ("expires", expires)];
    let details = details.map(|(name, value)| (name.to_owned(), value.into()));
    Finding { details: JsonMap::from_iter(details), ..finding }
}

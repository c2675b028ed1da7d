//! TLS of the channels that speak for themselves: with the public authorities and the one the configuration adds, by the one crypto library of the program.
//! Invariant: who cannot prove its name is not spoken to. Never: a library or an authority that another part of the process installed.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Why there is no TLS to be had.
#[derive(Debug)]
pub struct NoTls {
    /// The setting at fault; `None` when it is the name of the host.
    pub key: Option<&'static str>,
    /// What was expected and found.
    pub mistake: String,
}

/// A connector for that host.
///
/// # Errors
/// A file of certificates that cannot be used, or a name no certificate can hold.
pub fn connector(root_certificate: Option<&Path>, home: &Path, host: &str) -> Result<(TlsConnector, ServerName<'static>), NoTls> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = root_certificate {
        add(&mut roots, &home.join(file))?;
    }
    let of_host = |mistake| NoTls { key: None, mistake };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| of_host(format!("expected TLS to be set up, found: {error}")))?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| of_host(format!("expected a host name, found `{host}`: {error}")))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), NoTls> {
    let wrong = |found: String| NoTls {
        key: Some("root-certificate"),
        mistake: format!("expected `{}` to be a PEM file of certificates, found: {found}", path.display()),
    };
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("no certificate".to_owned()));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(())
}

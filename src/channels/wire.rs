//! One request and its answer over HTTP/1.1, each over a connection of its own.
//! Invariant: the whole exchange is bounded, in time and in bytes. Never: a redirect followed, a proxy of the environment, a connection used twice.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::task::AbortOnDropHandle;

use super::tls::{NoTls, connector};
use crate::limits::SMS_ANSWER_BYTES_MAX;

/// Where requests go.
pub struct Wire {
    uri: Uri,
    host: String,
    port: u16,
    /// `None` speaks plainly, to this machine itself.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Wire {
    /// Sets up TLS for an address that begins with https; connects only when there is something to send.
    ///
    /// # Errors
    /// What cannot be used.
    pub fn to(url: &str, root_certificate: Option<&Path>, home: &Path) -> Result<Self, NoTls> {
        let uri: Uri = url.parse().map_err(|error| NoTls { key: None, mistake: format!("expected an address, found `{url}`: {error}") })?;
        let host = uri.host().map(|host| host.trim_matches(['[', ']']).to_owned()).unwrap_or_default();
        let secure = uri.scheme_str() == Some("https");
        let tls = secure.then(|| connector(root_certificate, home, &host)).transpose()?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { uri, host, port, tls })
    }

    /// The path and query of the address.
    pub fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str)
    }

    /// What stands in the header `Host`.
    pub fn authority(&self) -> &str {
        self.uri.authority().map_or("", hyper::http::uri::Authority::as_str)
    }

    /// The host it goes to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// As `exchange`, connected to the one of the name's addresses that `choose` takes; nothing is looked up again.
    ///
    /// # Errors
    /// Why there is no answer, or what `choose` says.
    pub async fn exchange_at(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
        choose: impl Fn(&[SocketAddr]) -> Result<SocketAddr, String>,
    ) -> Result<Answer, String> {
        let asked = async {
            let found = lookup_host((self.host.as_str(), self.port)).await.map_err(|error| format!("looking up the name: {error}"))?;
            let address = choose(&found.collect::<Vec<_>>())?;
            let connected = TcpStream::connect(address).await;
            self.over(connected.map_err(|error| format!("connecting: {error}"))?, request).await
        };
        timeout(limit, asked).await.unwrap_or_else(|_| Err(format!("expected an answer within {limit:?}, found none")))
    }

    /// Sends `request` and reads its answer, all within `limit`, from the name's look-up to the last byte.
    ///
    /// # Errors
    /// Why there is no answer, in words without the request.
    pub async fn exchange(&self, request: Request<Full<Bytes>>, limit: Duration) -> Result<Answer, String> {
        let asked = async {
            let connected = TcpStream::connect((self.host.as_str(), self.port)).await;
            self.over(connected.map_err(|error| format!("connecting: {error}"))?, request).await
        };
        timeout(limit, asked).await.unwrap_or_else(|_| Err(format!("expected an answer within {limit:?}, found none")))
    }

    async fn over(&self, plain: TcpStream, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        match &self.tls {
            None => converse(plain, request).await,
            Some((connector, name)) => {
                let secured = connector.connect(name.clone(), plain).await.map_err(|error| format!("securing the connection: {error}"))?;
                converse(secured, request).await
            }
        }
    }
}

/// One request and its answer over a fresh connection.
async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| format!("greeting: {error}"))?;
    // It carries the bytes to and fro, and ends with this exchange, also when the time is up.
    let carrier = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|error| format!("asking: {error}"))?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), SMS_ANSWER_BYTES_MAX).collect().await.map_err(|error| format!("reading the answer ({status}): {error}"))?;
    drop(carrier);
    Ok(Answer { status, body: body.to_bytes().to_vec() })
}

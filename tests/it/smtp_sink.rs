//! A mail server of our own for tests: a real dialogue on a loopback port, with failures planned one by one.
//! Invariant: what it answered 250 to after the text is in `mails`, once for each time. Never: waits for a time to pass.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenlane::channels::{PasswordFrom, SmtpConfig, TlsMode};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

pub const USER: &str = "greenlane";
pub const PASSWORD: &str = "correct horse 电池";

/// Where in the dialogue something is planned to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Greeting,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the final dot.
    Text,
}

/// What goes wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// Answers this instead.
    Says(&'static str),
    /// Answers this, then closes the connection.
    SaysAndCloses(&'static str),
    /// Closes the connection without a word. After the text the message has been taken.
    Closes,
    /// Never answers, until the other side closes.
    Hangs,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub message_id: String,
    pub from: String,
    pub to: Vec<String>,
    /// Headers and text, dots unstuffed.
    pub data: String,
    pub tls: bool,
    pub user: Option<String>,
    /// Which connection brought it, from 1.
    pub connection: usize,
}

#[derive(Default)]
struct Record {
    mails: Vec<Mail>,
    plan: VecDeque<(At, Fails)>,
    /// Other ways to sign in than the usual two.
    mechanisms: Option<&'static str>,
    connections: usize,
    /// Every command word with whether it came under TLS.
    commands: Vec<(String, bool)>,
}

/// The server; dropping it stops it.
pub struct SmtpSink {
    address: SocketAddr,
    record: Arc<Mutex<Record>>,
    taken: watch::Receiver<usize>,
    folder: tempfile::TempDir,
    tls: TlsMode,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpSink {
    /// A server that offers STARTTLS and wants a sign-in.
    pub async fn start() -> Self {
        Self::start_with(TlsMode::StartTls).await
    }

    pub async fn start_with(tls: TlsMode) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let acceptor = certificates(&folder.path().join("ca.pem"));
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let record = Arc::new(Mutex::new(Record::default()));
        let (tell, taken) = watch::channel(0);
        let task = tokio::spawn(serve(listener, Service { tls, acceptor, record: Arc::clone(&record), tell: Arc::new(tell) }));
        Self { address, record, taken, folder, tls, task }
    }

    /// Settings of a client that trusts this server and may sign in; a server without TLS knows no users.
    pub fn config(&self) -> SmtpConfig {
        let signs_in = self.tls != TlsMode::None;
        SmtpConfig {
            host: "localhost".into(),
            port: self.address.port(),
            tls: self.tls,
            user: signs_in.then(|| USER.into()),
            password: signs_in.then(|| PasswordFrom::File(self.password_file())),
            from: "绿色通道 <noreply@greenlane.example.invalid>".into(),
            hello: Some("greenlane.example.invalid".into()),
            timeout: Duration::from_secs(20),
            root_certificates: Some(self.ca_file()),
        }
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Plans a failure for the next time the dialogue comes to `at`; plans for other places wait behind it.
    pub fn plan(&self, at: At, fails: Fails) {
        self.record.lock().unwrap().plan.push_back((at, fails));
    }

    /// Forgets what is still planned.
    pub fn plan_nothing(&self) {
        self.record.lock().unwrap().plan.clear();
    }

    /// Offers these ways to sign in instead of PLAIN and LOGIN.
    pub fn offer(&self, mechanisms: &'static str) {
        self.record.lock().unwrap().mechanisms = Some(mechanisms);
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.record.lock().unwrap().mails.clone()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn connections(&self) -> usize {
        self.record.lock().unwrap().connections
    }

    pub fn commands(&self) -> Vec<(String, bool)> {
        self.record.lock().unwrap().commands.clone()
    }

    /// The file that holds the password of `USER`.
    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// The messages, once there are `count` of them.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        self.taken.clone().wait_for(|taken| *taken >= count).await.unwrap();
        self.mails()
    }
}

/// An authority, written to `ca_file`, and a server certificate of it.
fn certificates(ca_file: &std::path::Path) -> TlsAcceptor {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    std::fs::write(ca_file, authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[derive(Clone)]
struct Service {
    tls: TlsMode,
    acceptor: TlsAcceptor,
    record: Arc<Mutex<Record>>,
    tell: Arc<watch::Sender<usize>>,
}

async fn serve(listener: TcpListener, service: Service) {
    // Sessions live in a set, so that dropping the server drops them too.
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let service = service.clone();
        // A session that broke off is what some tests are about.
        sessions.spawn(async move { drop(session(stream, service).await) });
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

struct Session {
    wire: BufReader<Box<dyn Wire>>,
    service: Service,
    connection: usize,
    tls: bool,
    user: Option<String>,
    from: String,
    to: Vec<String>,
}

async fn session(stream: TcpStream, service: Service) -> std::io::Result<()> {
    let connection = {
        let mut record = service.record.lock().unwrap();
        record.connections += 1;
        record.connections
    };
    let implicit = service.tls == TlsMode::Tls;
    let wire: Box<dyn Wire> = if implicit { Box::new(service.acceptor.accept(stream).await?) } else { Box::new(stream) };
    let mut session = Session { wire: BufReader::new(wire), service, connection, tls: implicit, user: None, from: String::new(), to: Vec::new() };
    session.answer(At::Greeting, "220 sink ready").await?;
    loop {
        let line = session.read().await?;
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        session.service.record.lock().unwrap().commands.push((word.clone(), session.tls));
        match word.as_str() {
            "EHLO" => session.hello().await?,
            "STARTTLS" => session = session.start_tls().await?,
            "AUTH" => session.auth(&line).await?,
            "MAIL" => session.mail(&line).await?,
            "RCPT" => session.rcpt(&line).await?,
            "DATA" => session.data().await?,
            "RSET" => {
                session.reset();
                session.say("250 reset").await?;
            }
            "NOOP" => session.say("250 here").await?,
            "QUIT" => return session.say("221 bye").await,
            _ => session.say("502 what").await?,
        }
    }
}

impl Session {
    async fn read(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.wire.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.wire.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
        self.wire.get_mut().flush().await
    }

    fn reset(&mut self) {
        self.from.clear();
        self.to.clear();
    }

    fn planned(&self, at: At) -> Option<Fails> {
        let mut record = self.service.record.lock().unwrap();
        let next = record.plan.front().is_some_and(|(place, _)| *place == at);
        if next { record.plan.pop_front().map(|(_, fails)| fails) } else { None }
    }

    /// Answers as planned, or `text`. True when the answer was the usual one.
    async fn answer(&mut self, at: At, text: &str) -> std::io::Result<bool> {
        match self.planned(at) {
            None => self.say(text).await.map(|()| true),
            Some(Fails::Says(other)) => self.say(other).await.map(|()| false),
            Some(Fails::SaysAndCloses(other)) => {
                self.say(other).await?;
                self.wire.get_mut().shutdown().await?;
                Err(std::io::ErrorKind::ConnectionAborted.into())
            }
            Some(Fails::Closes) => Err(std::io::ErrorKind::ConnectionAborted.into()),
            Some(Fails::Hangs) => {
                // Ends when the other side gives up and closes.
                while self.read().await.is_ok() {}
                Err(std::io::ErrorKind::TimedOut.into())
            }
        }
    }

    async fn hello(&mut self) -> std::io::Result<()> {
        let start_tls = self.service.tls == TlsMode::StartTls && !self.tls;
        let mechanisms = self.service.record.lock().unwrap().mechanisms.unwrap_or("PLAIN LOGIN");
        self.say("250-sink").await?;
        self.say(&if start_tls { "250-STARTTLS".to_owned() } else { format!("250-AUTH {mechanisms}") }).await?;
        self.say("250 HELP").await
    }

    async fn start_tls(mut self) -> std::io::Result<Self> {
        if !self.answer(At::StartTls, "220 go ahead").await? {
            return Ok(self);
        }
        assert!(self.wire.buffer().is_empty(), "the client spoke before TLS was up");
        let Self { wire, service, connection, .. } = self;
        let wire: Box<dyn Wire> = Box::new(service.acceptor.accept(wire.into_inner()).await?);
        Ok(Self { wire: BufReader::new(wire), service, connection, tls: true, user: None, from: String::new(), to: Vec::new() })
    }

    async fn auth(&mut self, line: &str) -> std::io::Result<()> {
        let decode = |text: &str| String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap_or_default();
        let mut parts = line.split(' ').skip(1);
        let (user, password) = match (parts.next(), parts.next()) {
            (Some("PLAIN"), Some(initial)) => {
                let all = decode(initial);
                let mut fields = all.split('\0').skip(1).map(str::to_owned);
                (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
            }
            (Some("LOGIN"), None) => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = decode(&self.read().await?);
                self.say("334 UGFzc3dvcmQ6").await?;
                (user, decode(&self.read().await?))
            }
            _ => return self.say("504 no such mechanism").await,
        };
        if (user.as_str(), password.as_str()) != (USER, PASSWORD) {
            return self.say("535 5.7.8 wrong user or password").await;
        }
        if self.answer(At::Auth, "235 welcome").await? {
            self.user = Some(user);
        }
        Ok(())
    }

    async fn mail(&mut self, line: &str) -> std::io::Result<()> {
        if self.service.tls != TlsMode::None && self.user.is_none() {
            return self.say("530 5.7.0 sign in first").await;
        }
        if self.answer(At::Mail, "250 sender ok").await? {
            self.reset();
            self.from = address(line);
        }
        Ok(())
    }

    async fn rcpt(&mut self, line: &str) -> std::io::Result<()> {
        if self.from.is_empty() {
            return self.say("503 MAIL first").await;
        }
        if self.answer(At::Rcpt, "250 recipient ok").await? {
            self.to.push(address(line));
        }
        Ok(())
    }

    async fn data(&mut self) -> std::io::Result<()> {
        if self.to.is_empty() {
            return self.say("503 RCPT first").await;
        }
        if !self.answer(At::Data, "354 end with a dot").await? {
            return Ok(());
        }
        let mut data = String::new();
        loop {
            let line = self.read().await?;
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        let refused = self
            .service
            .record
            .lock()
            .unwrap()
            .plan
            .front()
            .is_some_and(|(at, fails)| *at == At::Text && matches!(fails, Fails::Says(text) | Fails::SaysAndCloses(text) if !text.starts_with("250")));
        if !refused {
            self.take(data);
        }
        self.answer(At::Text, "250 2.0.0 queued").await?;
        self.reset();
        Ok(())
    }

    fn take(&self, data: String) {
        let message_id = data.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned();
        let mail = Mail { message_id, from: self.from.clone(), to: self.to.clone(), data, tls: self.tls, user: self.user.clone(), connection: self.connection };
        self.service.record.lock().unwrap().mails.push(mail);
        self.service.tell.send_modify(|taken| *taken += 1);
    }
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address.to_owned()).unwrap_or_default()
}

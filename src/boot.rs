//! Putting the parts together at start: store, writers, workers, listener. Everything that can be wrong is found out here, before anybody is served.
//! Invariant: a node that is listening is whole; a node that stops answers what it has accepted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api;
use crate::app::failure::Fault;
use crate::app::{App, Outfit};
use crate::channels::{Channel, Folder, PasswordFrom, Smpp, SmsChannel, SmsCloud, SmsHttp, SmsReceipts, Smtp, SmtpConfig, Webhooks};
use crate::clock::Clock;
use crate::config::{self, Config, Mail, Role, SmsSignature, SmsWay};
use crate::notice::{Signature, Templates};
use crate::store::{Store, Target};
use crate::telemetry::Metrics;
use crate::web;
use crate::workers::Crew;
use crate::workers::deliver::Mailroom;
use crate::workers::digests::Mornings;

/// What a node is started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where the data lives.
    pub target: Target,
    /// The clock.
    pub clock: Clock,
    /// The settings.
    pub config: Config,
    /// The folder relative paths of the settings start from, and where the log's key and the outbox live.
    pub home: PathBuf,
}

/// A running node.
pub struct Node {
    /// The use cases.
    pub app: App,
    /// The workers.
    pub crew: Crew,
    address: SocketAddr,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Node {
    /// Opens the store and starts the writers and, by role, the listener and the workers.
    ///
    /// # Errors
    /// The first part that cannot be opened, by name.
    pub async fn start(start: Start) -> Result<Self, Fault> {
        let (app, crew) = open(&start).await?;
        Self::run(app, crew, &start.config).await
    }

    /// Starts what was opened.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn run(app: App, crew: Crew, config: &Config) -> Result<Self, Fault> {
        let shared = api::Shared { app: app.clone(), metrics: Metrics::install() };
        Self::listen(app, crew, shared, config).await
    }

    /// Listens, and works when the role says so.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn listen(app: App, crew: Crew, shared: api::Shared, config: &Config) -> Result<Self, Fault> {
        let doing = || format!("listening on {} (`listen` in the configuration)", config.listen);
        let listener = TcpListener::bind(config.listen).await.map_err(|cause| Fault::new(doing(), cause))?;
        let address = listener.local_addr().map_err(|cause| Fault::new(doing(), cause))?;
        // A link in a mail begins with the configured address, which is then there already.
        crew.mailroom.public_url.get_or_init(|| format!("http://{address}"));
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let pages = web::Pages::embedded().map_err(|mistakes| Fault::new("compiling the pages", listed(&mistakes)))?;
        let secure = config.public_url.as_ref().is_some_and(|address| address.starts_with("https://"));
        let door = Arc::new(web::Door { secure, proxies: config.proxies.clone() });
        let pages = web::Shared { app: app.clone(), pages: Arc::new(pages), door };
        let (router, stopped) = (api::router(shared).merge(web::router(pages)), stop.clone());
        tracker.spawn(async move {
            let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(cause) = serving.await {
                tracing::error!(%cause, "the listener ended");
            }
        });
        match config.role {
            Role::Worker | Role::Both => crew.spawn(&tracker, &stop),
            Role::Web => {}
        }
        Ok(Self { app, crew, address, stop, tracker })
    }

    /// The address listened on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and working, and waits for what was begun.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        self.app.store().close().await;
    }
}

/// Opens store, use cases and workers, without listening or working.
///
/// # Errors
/// The first part that cannot be opened, by name.
pub async fn open(start: &Start) -> Result<(App, Crew), Fault> {
    let Start { config, home, .. } = start;
    let SmsSignature { zh, en } = config.sms.signature.clone();
    let templates = Templates::embedded(Signature { zh, en }).map_err(|mistakes| Fault::new("compiling the texts of notices", listed(&mistakes)))?;
    let templates = Arc::new(templates);
    let (mail, sms, sms_receipts) = (channel(config, home)?, sms_channel(config, home)?, sms_receipts(config, home)?);
    let store = Store::open(start.target.clone()).await.map_err(|cause| Fault::new("opening the database", cause))?;
    let webhooks = Webhooks::new(config.webhooks.clone());
    let outfit = Outfit { origin: &config.origin, home, templates: templates.clone(), sms_receipts, webhooks: webhooks.clone() };
    let app = App::open(store, start.clock.clone(), outfit).await?;
    let mailroom = Mailroom {
        templates,
        mail,
        sms,
        origin: config.origin.clone(),
        from: sender(config),
        fold_ms: i64::from(config.fold_minutes) * 60_000,
        public_url: OnceLock::new(),
    };
    if let Some(address) = &config.public_url {
        // Nobody has set it yet.
        drop(mailroom.public_url.set(address.clone()));
    }
    let mornings = Mornings::new(&start.config.digest, &start.config.reports)?;
    let crew = Crew { app: app.clone(), mailroom: Arc::new(mailroom), mornings: Arc::new(mornings), webhooks: Arc::new(webhooks) };
    Ok((app, crew))
}

fn sender(config: &Config) -> String {
    match &config.mail {
        Mail::Folder(_) => format!("greenlane@{}", config.origin),
        Mail::Smtp(smtp) => smtp.from.clone(),
    }
}

fn channel(config: &Config, home: &Path) -> Result<Channel, Fault> {
    match &config.mail {
        Mail::Folder(folder) => Ok(Channel::Folder(Folder::new(home.join(folder)))),
        Mail::Smtp(smtp) => smtp_channel(smtp, home),
    }
}

fn smtp_channel(smtp: &config::Smtp, home: &Path) -> Result<Channel, Fault> {
    const SEND_S_MAX: u64 = 30;
    let tls = smtp.tls.parse().map_err(|cause| Fault::new("reading `mail.smtp.tls` in the configuration", cause))?;
    let settings = SmtpConfig {
        host: smtp.host.clone(),
        port: smtp.port,
        user: smtp.user.clone(),
        password: smtp.password_file.as_ref().map(|file| PasswordFrom::File(home.join(file))),
        from: smtp.from.clone(),
        tls,
        hello: None,
        timeout: Duration::from_secs(SEND_S_MAX),
        root_certificates: smtp.root_certificate.as_ref().map(|file| home.join(file)),
    };
    let opened = Smtp::open(&settings)
        .map_err(|mistakes| Fault::new("opening the mail channel", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    Ok(Channel::Smtp(opened))
}

fn sms_channel(config: &Config, home: &Path) -> Result<SmsChannel, Fault> {
    match &config.sms.way {
        SmsWay::Folder(folder) => Ok(SmsChannel::Folder(Folder::new(home.join(folder)))),
        SmsWay::Gateway(gateway) => {
            let opened = SmsHttp::open(gateway, home).map_err(|mistakes| Fault::new("opening the channel of short messages", mistakes.join("\n")))?;
            Ok(SmsChannel::Http(opened))
        }
        SmsWay::Cloud(cloud) => {
            let opened = SmsCloud::open(cloud, home).map_err(|mistakes| Fault::new("opening the channel of short messages", mistakes.join("\n")))?;
            Ok(SmsChannel::Cloud(opened))
        }
        SmsWay::Smpp(smpp) => {
            let opened = Smpp::open(smpp, home).map_err(|mistakes| Fault::new("opening the channel of short messages", mistakes.join("\n")))?;
            Ok(SmsChannel::Smpp(opened))
        }
    }
}

fn sms_receipts(config: &Config, home: &Path) -> Result<Option<SmsReceipts>, Fault> {
    let SmsWay::Gateway(gateway) = &config.sms.way else { return Ok(None) };
    let opened = gateway.receipt.as_ref().map(|rules| SmsReceipts::open(rules, home)).transpose();
    opened.map_err(|mistake| Fault::new("reading how receipts of short messages are known", mistake))
}

fn listed(mistakes: &[crate::source::Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

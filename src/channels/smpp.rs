//! Short messages through a carrier's message centre (SMPP 3.4): one bind as transceiver, kept, made again when it drops, and shared by all that send.
//! Invariant: a message whose answer was lost is temporary and carries the same reference again; receipts come over the same bind and wait to be kept.
//! Never: more under way than the window, more a second than agreed, a number or a text in the words of an attempt.

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, Stream, StreamExt};
use rusmpp::pdus::{BindTransceiver, DeliverSmResp, SubmitSm};
use rusmpp::tlvs::MessageSubmissionRequestTlvValue;
use rusmpp::types::{AnyOctetString, COctetString, OctetString};
use rusmpp::values::{
    DataCoding, EsmClass, InterfaceVersion, IntermediateNotification, MCDeliveryReceipt, MessagePayload, Npi, RegisteredDelivery, SmeOriginatedAcknowledgement,
    Ton,
};
use rusmpp::{Command, CommandStatus, Pdu};
use rusmppc::{Client, ConnectionBuilder, Event};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::task::AbortOnDropHandle;

use super::secret;
use super::smpp_receipt::{self, Kept, Report};
use super::smpp_text::{Coding, Part, write};
use super::tls::{NoTls, connector};
use super::{Receipt, SendError, ShortMessage};
use crate::config;
use crate::limits::{SEND_DETAIL_CHARS_MAX, SMPP_PDU_BYTES_MAX, SMPP_REBIND_PAUSE_MAX, SMPP_REPORTS_WAITING_MAX, SMS_TIMEOUT_MAX};
use crate::secret::Secret;

/// The message centre. Cloning shares the bind.
#[derive(Clone)]
pub struct Smpp {
    inner: Arc<Inner>,
}

struct Inner {
    settings: config::Smpp,
    password: Secret,
    /// `None` speaks plainly, as over a line of one's own.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Held while binding, so that one binds and the others wait for it.
    link: tokio::sync::Mutex<Link>,
    window: Semaphore,
    /// Held while the gap to the next message passes.
    pace: tokio::sync::Mutex<()>,
    told: mpsc::Sender<Report>,
    heard: tokio::sync::Mutex<mpsc::Receiver<Report>>,
}

/// `esm_class` of a message that begins with a header (5.2.12). Never the library's default class: its default for another network sets a bit of its own.
const WITH_HEADER: u8 = 0x40;

/// The bind, and how binding went.
#[derive(Default)]
struct Link {
    bound: Option<Bound>,
    failures: u32,
    /// Until it is over, nobody binds.
    pause: Option<Pin<Box<Sleep>>>,
}

struct Bound {
    client: Client,
    /// Hears receipts; ends with the bind.
    _listener: AbortOnDropHandle<()>,
}

impl fmt::Debug for Smpp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password stays out.
        f.debug_struct("Smpp").field("host", &self.inner.settings.host).field("system_id", &self.inner.settings.system_id).finish_non_exhaustive()
    }
}

impl Smpp {
    /// Reads password and certificates; binds only when there is something to send or to hear.
    ///
    /// # Errors
    /// Every setting that cannot be used, by its key.
    pub fn open(settings: &config::Smpp, home: &Path) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut keep = |key: &str, mistake: String| mistakes.push(format!("sms.smpp.{key}: {mistake}"));
        let password = secret::read(&settings.password, home).map_err(|mistake| keep("secret-file", mistake)).ok();
        let root = settings.root_certificate.as_deref();
        let tls =
            settings.tls.then(|| connector(root, home, &settings.host).map_err(|NoTls { key, mistake }| keep(key.unwrap_or("host"), mistake)).ok()).flatten();
        let unfit = password.as_ref().is_some_and(|password| COctetString::<1, 9>::from_string(password.expose().to_owned()).is_err());
        if unfit {
            keep("secret-file", "expected a password of at most 8 plain letters (SMPP 3.4), found another".to_owned());
        }
        match password {
            Some(password) if mistakes.is_empty() => {
                let (told, heard) = mpsc::channel(SMPP_REPORTS_WAITING_MAX);
                let (link, pace, window) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default(), Semaphore::new(settings.window));
                let heard = tokio::sync::Mutex::new(heard);
                Ok(Self { inner: Arc::new(Inner { settings: settings.clone(), password, tls, link, window, pace, told, heard }) })
            }
            Some(_) | None => Err(mistakes),
        }
    }

    pub(super) async fn send(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        let sent = timeout(SMS_TIMEOUT_MAX, self.inner.submit_all(message)).await;
        sent.unwrap_or_else(|_| Err(SendError::Temporary(format!("expected an answer within {SMS_TIMEOUT_MAX:?}, found none"))))
    }

    /// Receipts that wait, at most `limit`; binds when it is not bound, because they come to who is bound.
    pub(super) async fn reports(&self, limit: usize) -> Vec<Report> {
        if let Err(cause) = self.inner.bound().await {
            tracing::debug!(%cause, "not bound to the message centre");
        }
        let mut heard = self.inner.heard.lock().await;
        let waiting = heard.len().min(limit);
        std::iter::from_fn(|| heard.try_recv().ok()).take(waiting).collect()
    }

    pub(super) fn keep_waiting(&self, report: Report) {
        // Full, the receipt is dropped unanswered and comes again.
        drop(self.inner.told.try_send(report));
    }
}

impl Inner {
    async fn submit_all(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        let written = write(&message.id, &message.text, self.settings.long);
        let mut ids = Vec::with_capacity(written.parts.len());
        for part in &written.parts {
            let submit = self.submission(message, written.coding, part, written.reference)?;
            let _under_way = self.window.acquire().await.map_err(|_| SendError::Temporary("the window is closed".to_owned()))?;
            self.my_turn().await;
            let client = self.bound().await.map_err(SendError::Temporary)?;
            let answer = client.submit_sm(submit).await.map_err(|error| self.judge(error))?;
            ids.push(answer.message_id().as_str().to_owned());
        }
        let detail: String = format!("id {}", ids.join(" ")).chars().filter(|letter| !letter.is_control()).take(SEND_DETAIL_CHARS_MAX).collect();
        Ok(Receipt { detail, ids })
    }

    fn submission(&self, message: &ShortMessage, coding: Coding, part: &Part, reference: u16) -> Result<SubmitSm, SendError> {
        let unfit = |what: &str| SendError::Permanent(format!("expected {what} that SMPP can carry, found another"));
        let (ton, npi, number) = address(&message.to);
        let (source_ton, source_npi, source) = address(&self.settings.source);
        let (class, octets, payload) = match part {
            Part::Whole(octets) => (EsmClass::from(0), octets.as_slice(), None),
            Part::WithHeader(octets) => (EsmClass::from(WITH_HEADER), octets.as_slice(), None),
            Part::Payload(octets) => (EsmClass::from(0), &[][..], Some(octets)),
        };
        let mut more = vec![MessageSubmissionRequestTlvValue::UserMessageReference(reference.into())];
        more.extend(payload.map(|octets| MessageSubmissionRequestTlvValue::MessagePayload(MessagePayload::new(AnyOctetString::from_slice(octets)))));
        Ok(SubmitSm::builder()
            .source_addr_ton(source_ton)
            .source_addr_npi(source_npi)
            .source_addr(COctetString::from_string(source).map_err(|_| unfit("a sender"))?)
            .dest_addr_ton(ton)
            .dest_addr_npi(npi)
            .destination_addr(COctetString::from_string(number).map_err(|_| unfit("a number"))?)
            .esm_class(class)
            .registered_delivery(RegisteredDelivery::new(
                MCDeliveryReceipt::McDeliveryReceiptRequestedWhereFinalDeliveryOutcomeIsSuccessOrFailure,
                SmeOriginatedAcknowledgement::default(),
                IntermediateNotification::default(),
                0,
            ))
            .data_coding(match coding {
                Coding::Plain => DataCoding::McSpecific,
                Coding::Ucs2 => DataCoding::Ucs2,
            })
            .short_message(OctetString::from_slice(octets).map_err(|_| unfit("a text"))?)
            .tlvs(more)
            .build())
    }

    /// Waits until one more message may leave in this second.
    async fn my_turn(&self) {
        let _gate = self.pace.lock().await;
        sleep(Duration::from_secs(1) / self.settings.per_second.max(1)).await;
    }

    /// What the message centre's no means for the message.
    fn judge(&self, error: rusmppc::error::Error) -> SendError {
        let rusmppc::error::Error::UnexpectedResponse { response } = error else { return SendError::Temporary(lost(&error)) };
        let status = response.status();
        let said = format!("{:#010x} {status:?}", u32::from(status));
        if is_about_the_message(status) { SendError::Permanent(said) } else { SendError::Temporary(said) }
    }

    /// The bind, made when there is none.
    async fn bound(&self) -> Result<Client, String> {
        let mut link = self.link.lock().await;
        // Asked by its end and not by the library's ping, which queues up before what is to be sent and, many at once, lets that lie.
        if let Some(bound) = link.bound.as_ref().filter(|bound| !bound.client.is_closed()) {
            return Ok(bound.client.clone());
        }
        link.bound = None;
        if let Some(pause) = link.pause.as_mut()
            && pause.now_or_never().is_none()
        {
            return Err("not bound; it is tried again after a pause".to_owned());
        }
        link.pause = None;
        let limit = self.settings.timeout;
        let bind = timeout(limit, self.bind()).await.unwrap_or_else(|_| Err(format!("binding: expected an answer within {limit:?}, found none")));
        match bind {
            Ok(bound) => {
                let client = bound.client.clone();
                *link = Link { bound: Some(bound), ..Link::default() };
                Ok(client)
            }
            Err(cause) => {
                if link.failures == 0 {
                    tracing::warn!(%cause, host = self.settings.host, "the message centre cannot be bound to; tried again with growing pauses");
                }
                let pause = Duration::from_secs(1).saturating_mul(1 << link.failures.min(10)).min(SMPP_REBIND_PAUSE_MAX);
                (link.failures, link.pause) = (link.failures.saturating_add(1), Some(Box::pin(sleep(pause))));
                Err(cause)
            }
        }
    }

    async fn bind(&self) -> Result<Bound, String> {
        let config::Smpp { host, port, .. } = &self.settings;
        let plain = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| format!("connecting: {error}"))?;
        let builder = ConnectionBuilder::new()
            .max_command_length(SMPP_PDU_BYTES_MAX)
            .enquire_link_interval(self.settings.enquire_link)
            .enquire_link_response_timeout(self.settings.timeout)
            .response_timeout(self.settings.timeout)
            .disable_interface_version_check();
        match &self.tls {
            None => {
                let (client, events) = builder.connected(plain);
                self.sign_in(client, events).await
            }
            Some((connector, name)) => {
                let secured = connector.connect(name.clone(), plain).await.map_err(|error| format!("securing the connection: {error}"))?;
                let (client, events) = builder.connected(secured);
                self.sign_in(client, events).await
            }
        }
    }

    async fn sign_in(&self, client: Client, events: impl Stream<Item = Event> + Unpin + Send + 'static) -> Result<Bound, String> {
        let unfit = |key: &str| format!("expected a `{key}` that SMPP can carry, found another");
        let config::Smpp { system_id, system_type, .. } = &self.settings;
        let bind = BindTransceiver::builder()
            .system_id(COctetString::from_string(system_id.clone()).map_err(|_| unfit("system-id"))?)
            .password(COctetString::from_string(self.password.expose().to_owned()).map_err(|_| unfit("secret-file"))?)
            .system_type(COctetString::from_string(system_type.clone()).map_err(|_| unfit("system-type"))?)
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        client.bind_transceiver(bind).await.map_err(|error| match error {
            rusmppc::error::Error::UnexpectedResponse { response } => format!("binding: {:?}", response.status()),
            other => format!("binding: {}", lost(&other)),
        })?;
        let listener = AbortOnDropHandle::new(tokio::spawn(listen(client.clone(), events, self.told.clone())));
        Ok(Bound { client, _listener: listener })
    }
}

/// Hears receipts until the bind ends, and answers each when it was kept.
async fn listen(client: Client, mut events: impl Stream<Item = Event> + Unpin, told: mpsc::Sender<Report>) {
    let mut answers = JoinSet::new();
    let pen = Pen(Arc::new((client.clone(), tokio::sync::Mutex::new(()))));
    while let Some(event) = events.next().await {
        while answers.try_join_next().is_some() {}
        let Event::Incoming(command) = event else { continue };
        match command.pdu() {
            Some(Pdu::DeliverSm(deliver)) => {
                let Some(read) = smpp_receipt::read(deliver) else {
                    // A person's answer to a notice goes nowhere; it is taken so that it does not come again.
                    pen.answer(&command, CommandStatus::EsmeRok).await;
                    continue;
                };
                let (asked, kept) = oneshot::channel();
                if told.send(Report::new(read, asked)).await.is_err() {
                    return;
                }
                answers.spawn(answer(pen.clone(), command, kept));
            }
            Some(Pdu::Unbind) => {
                let _ = client.unbind_resp(command.sequence_number()).await;
                let _ = client.close().await;
                return;
            }
            _ => {} // Answers without a question.
        }
    }
}

/// Writes answers one after another, each gone before the next is begun: the library takes up five things at a time, and what lies beyond waits until the other side speaks.
#[derive(Clone)]
struct Pen(Arc<(Client, tokio::sync::Mutex<()>)>);

impl Pen {
    async fn answer(&self, command: &Command, status: CommandStatus) {
        let (client, turn) = &*self.0;
        let _mine = turn.lock().await;
        // The bind may be gone; then the receipt is given again.
        let _ = client.status(status).deliver_sm_resp(command.sequence_number(), DeliverSmResp::default()).await;
    }
}

async fn answer(pen: Pen, command: Command, kept: oneshot::Receiver<Kept>) {
    let status = match kept.await {
        Ok(Kept::Yes) => CommandStatus::EsmeRok,
        Ok(Kept::Unknown) | Err(_) => CommandStatus::EsmeRxTAppn,
    };
    pen.answer(&command, status).await;
}

/// A number or name with its type: `+` begins an international number, letters make a name.
fn address(text: &str) -> (Ton, Npi, String) {
    match text.strip_prefix('+') {
        Some(international) => (Ton::International, Npi::Isdn, international.to_owned()),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => (Ton::Unknown, Npi::Isdn, text.to_owned()),
        None => (Ton::Alphanumeric, Npi::Unknown, text.to_owned()),
    }
}

/// Whether a no speaks of this message; else of us or of the hour, and the message waits.
const fn is_about_the_message(status: CommandStatus) -> bool {
    use CommandStatus as S;
    matches!(
        status,
        S::EsmeRinvmsglen | S::EsmeRinvdstadr | S::EsmeRinvdstton | S::EsmeRinvdstnpi | S::EsmeRxPAppn | S::EsmeRxRAppn | S::EsmeRinvdcs | S::EsmeRprohibited
    )
}

/// The words for an answer that never came.
fn lost(error: &rusmppc::error::Error) -> String {
    use rusmppc::error::Error;
    match error {
        Error::ResponseTimeout { timeout, .. } => format!("expected an answer within {timeout:?}, found none"),
        Error::ConnectionClosed | Error::ConnectionClosedByPeer => "the bind ended before the answer".to_owned(),
        other => other.to_string(), // Of the network or the protocol; none of them holds a message.
    }
}

//! A message centre of our own for tests: SMPP 3.4 read and written byte by byte on a loopback port, without the library that the program uses.
//! Invariant: a message is in `taken` before it is answered, whatever the answer. Never: waits for a time to pass.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenlane::channels::{Smpp, SmsChannel};
use greenlane::config::{self, LongText, SecretFrom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

pub const SYSTEM_ID: &str = "greenlane";
pub const PASSWORD: &str = "s3cret&8";

const BIND_TRANSCEIVER: u32 = 0x09;
const SUBMIT_SM: u32 = 0x04;
const DELIVER_SM: u32 = 0x05;
const UNBIND: u32 = 0x06;
const ENQUIRE_LINK: u32 = 0x15;
const RESPONSE: u32 = 0x8000_0000;
pub const INVALID_PASSWORD: u32 = 0x0E;
pub const INVALID_DESTINATION: u32 = 0x0B;
pub const THROTTLED: u32 = 0x58;
const NO_PAYLOAD: u16 = 0;
const MESSAGE_PAYLOAD: u16 = 0x0424;
const USER_MESSAGE_REFERENCE: u16 = 0x0204;

/// What it does with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Takes it.
    Takes,
    /// Refuses it with this status.
    Says(u32),
    /// Takes it and drops the bind without a word.
    TakesAndDrops,
    /// Takes it and answers once it is released.
    Holds,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub id: String,
    pub source: String,
    pub to: String,
    pub class: u8,
    pub registered: u8,
    pub coding: u8,
    /// Header included.
    pub octets: Vec<u8>,
    pub as_payload: bool,
    pub reference: u16,
}

impl Taken {
    /// Its letters, without a header.
    pub fn text(&self) -> String {
        let octets = if self.class & 0x40 == 0 { &self.octets[..] } else { &self.octets[1 + usize::from(self.octets[0])..] };
        match self.coding {
            8 => String::from_utf16(&octets.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect::<Vec<_>>()).unwrap(),
            0 => String::from_utf8(octets.to_vec()).unwrap(),
            other => panic!("unknown coding {other}"),
        }
    }
}

#[derive(Default)]
struct Record {
    plan: VecDeque<Does>,
    taken: Vec<Taken>,
    binds: Vec<(String, String, u8)>,
    enquiries: usize,
    open: usize,
    most_open: usize,
    /// What becomes of every message at once, when it says.
    fate: Option<fn(&Taken) -> &'static str>,
    /// Receipts that were answered yes.
    kept: usize,
    out: Option<mpsc::UnboundedSender<Vec<u8>>>,
}

struct Shared {
    record: Mutex<Record>,
    release: Notify,
    tell: watch::Sender<u64>,
}

/// The message centre; dropping it stops it.
pub struct Smsc {
    port: u16,
    shared: Arc<Shared>,
    home: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Smsc {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { record: Mutex::default(), release: Notify::new(), tell: watch::channel(0).0 });
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = serving.clone();
                sessions.spawn(async move { drop(session(stream, &shared).await) });
            }
        });
        Self { port, shared, home, task }
    }

    /// As an operator would configure it, but plainly and quickly.
    pub fn settings(&self) -> config::Smpp {
        config::Smpp {
            host: "127.0.0.1".into(),
            port: self.port,
            tls: false,
            root_certificate: None,
            system_id: SYSTEM_ID.into(),
            password: SecretFrom::File("password".into()),
            system_type: "gov".into(),
            source: "10639999".into(),
            window: 10,
            per_second: 1_000,
            timeout: Duration::from_secs(10),
            enquire_link: Duration::from_secs(30),
            long: LongText::Parts,
        }
    }

    pub fn channel(&self, settings: &config::Smpp) -> SmsChannel {
        SmsChannel::Smpp(Smpp::open(settings, self.home.path()).unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
    }

    pub fn plan(&self, does: impl IntoIterator<Item = Does>) {
        self.with(|record| record.plan.extend(does));
    }

    /// Gives a receipt with that state right after every answer.
    pub fn decide(&self, fate: fn(&Taken) -> &'static str) {
        self.with(|record| record.fate = Some(fate));
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.with(|record| record.taken.clone())
    }

    /// Who bound: account, password, version.
    pub fn binds(&self) -> Vec<(String, String, u8)> {
        self.with(|record| record.binds.clone())
    }

    pub fn kept(&self) -> usize {
        self.with(|record| record.kept)
    }

    /// The most messages it ever held without an answer.
    pub fn most_open(&self) -> usize {
        self.with(|record| record.most_open)
    }

    /// Answers everything that is held.
    pub fn release(&self) {
        self.shared.release.notify_waiters();
    }

    /// Sends a `deliver_sm` of that class and text over the newest bind.
    pub fn deliver(&self, class: u8, text: &str) {
        self.with(|record| record.out.as_ref().unwrap().send(deliver_sm(class, text)).unwrap());
    }

    /// Until that many messages were taken.
    pub async fn wait_for(&self, count: usize) {
        self.wait(|record| record.taken.len() >= count).await;
    }

    /// Until that many receipts were answered yes.
    pub async fn wait_until_kept(&self, count: usize) {
        self.wait(|record| record.kept >= count).await;
    }

    /// Until it was asked whether it still stands.
    pub async fn wait_for_enquiry(&self) {
        self.wait(|record| record.enquiries > 0).await;
    }

    async fn wait(&self, until: impl Fn(&Record) -> bool) {
        let mut told = self.shared.tell.subscribe();
        while !self.with(|record| until(record)) {
            told.changed().await.unwrap();
        }
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Record) -> T) -> T {
        use_it(&mut self.shared.record.lock().unwrap())
    }
}

async fn session(stream: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    let (mut reader, writer) = stream.into_split();
    let (out, queue) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(write_out(writer, queue));
    loop {
        let (command, sequence, status, body) = read(&mut reader).await?;
        match command {
            BIND_TRANSCEIVER => {
                let mut fields = Fields(&body);
                let (account, password) = (fields.text(), fields.text());
                fields.text(); // system_type
                let right = account == SYSTEM_ID && password == PASSWORD;
                let mut record = shared.record.lock().unwrap();
                record.binds.push((account, password, fields.byte()));
                record.out = Some(out.clone());
                let _ = out.send(pdu(command | RESPONSE, if right { 0 } else { INVALID_PASSWORD }, sequence, b"centre\0"));
            }
            // The writer goes with the session: the bind is dropped.
            SUBMIT_SM if !submitted(shared, &out, &mut tasks, sequence, &body) => return Ok(()),
            SUBMIT_SM => {}
            ENQUIRE_LINK => {
                shared.record.lock().unwrap().enquiries += 1;
                let _ = out.send(pdu(command | RESPONSE, 0, sequence, b""));
            }
            UNBIND => {
                let _ = out.send(pdu(command | RESPONSE, 0, sequence, b""));
            }
            answer if answer == DELIVER_SM | RESPONSE && status == 0 => shared.record.lock().unwrap().kept += 1,
            _ => {} // Its other answers.
        }
        shared.tell.send_modify(|told| *told += 1);
    }
}

/// Takes a message as planned; false when the bind is to be dropped.
fn submitted(shared: &Arc<Shared>, out: &mpsc::UnboundedSender<Vec<u8>>, tasks: &mut JoinSet<()>, sequence: u32, body: &[u8]) -> bool {
    let mut record = shared.record.lock().unwrap();
    let does = record.plan.pop_front().unwrap_or(Does::Takes);
    if let Does::Says(status) = does {
        let _ = out.send(pdu(SUBMIT_SM | RESPONSE, status, sequence, b""));
        return true;
    }
    let taken = submit_sm(body, format!("M{:08X}", record.taken.len() + 1));
    record.taken.push(taken.clone());
    if does == Does::TakesAndDrops {
        shared.tell.send_modify(|told| *told += 1);
        return false;
    }
    record.open += 1;
    record.most_open = record.most_open.max(record.open);
    let fate = record.fate;
    let (shared, out) = (shared.clone(), out.clone());
    let answer = move |shared: &Shared| {
        shared.record.lock().unwrap().open -= 1;
        let _ = out.send(pdu(SUBMIT_SM | RESPONSE, 0, sequence, format!("{}\0", taken.id).as_bytes()));
        if let Some(fate) = fate {
            let text = format!("id:{} sub:001 dlvrd:001 submit date:2503030830 done date:2503030831 stat:{} err:000 text:", taken.id, fate(&taken));
            let _ = out.send(deliver_sm(4, &text));
        }
    };
    drop(record);
    if does == Does::Holds {
        tasks.spawn(async move {
            shared.release.notified().await;
            answer(&shared);
        });
    } else {
        answer(&shared);
    }
    true
}

async fn write_out(mut writer: OwnedWriteHalf, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn read(reader: &mut OwnedReadHalf) -> std::io::Result<(u32, u32, u32, Vec<u8>)> {
    let (length, command) = (reader.read_u32().await?, reader.read_u32().await?);
    let (status, sequence) = (reader.read_u32().await?, reader.read_u32().await?);
    let mut body = vec![0; usize::try_from(length).unwrap() - 16];
    reader.read_exact(&mut body).await?;
    Ok((command, sequence, status, body))
}

fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 16).unwrap();
    [&length.to_be_bytes()[..], &command.to_be_bytes(), &status.to_be_bytes(), &sequence.to_be_bytes(), body].concat()
}

fn deliver_sm(class: u8, text: &str) -> Vec<u8> {
    let mut body = b"\0\x01\x01999\0\x01\x0110639999\0".to_vec();
    body.extend([class, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
    body.extend(text.bytes());
    pdu(DELIVER_SM, 0, 7_001, &body)
}

fn submit_sm(body: &[u8], id: String) -> Taken {
    let mut fields = Fields(body);
    fields.text(); // service_type
    fields.skip(2);
    let source = fields.text();
    fields.skip(2);
    let to = fields.text();
    let class = fields.byte();
    fields.skip(2); // protocol_id, priority_flag
    let (schedule, validity) = (fields.text(), fields.text());
    assert_eq!((schedule.as_str(), validity.as_str()), ("", ""));
    let registered = fields.byte();
    fields.skip(1);
    let coding = fields.byte();
    fields.skip(1);
    let length = usize::from(fields.byte());
    let short = fields.take(length);
    let (mut payload, mut reference) = (None, NO_PAYLOAD);
    while !fields.0.is_empty() {
        let (tag, length) = (fields.short(), fields.short());
        let value = fields.take(usize::from(length));
        match tag {
            MESSAGE_PAYLOAD => payload = Some(value),
            USER_MESSAGE_REFERENCE => reference = u16::from_be_bytes([value[0], value[1]]),
            other => panic!("a parameter nobody asked for: {other:#06x}"),
        }
    }
    let as_payload = payload.is_some();
    assert!(!as_payload || short.is_empty(), "SMPP 3.4, 5.3.2.32: with a payload sm_length is 0");
    Taken { id, source, to, class, registered, coding, octets: payload.unwrap_or(short), as_payload, reference }
}

/// What is left of a body.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken.to_vec()
    }

    fn skip(&mut self, count: usize) {
        self.take(count);
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn short(&mut self) -> u16 {
        let bytes = self.take(2);
        u16::from_be_bytes([bytes[0], bytes[1]])
    }

    /// Up to the zero.
    fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(self.take(end)).unwrap();
        self.skip(1);
        text
    }
}

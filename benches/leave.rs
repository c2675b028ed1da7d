//! How long after its moment a notice has left, with many limits open: every worker of a node runs, as it does in service, and mails go to a mail server on loopback.
//! Invariant: the clock runs; a notice has left when the server has taken it. Never: a notice that was waiting before the measured hour.

use std::time::{Duration, Instant};

use chrono::{Datelike, Weekday};
use greenlane::app::App;
use greenlane::app::execute::Act;
use greenlane::boot::Start;
use greenlane::clock::Clock;
use greenlane::config::{Config, Mail, Role, Smtp};
use greenlane::ids::Moment;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Words;
use crate::measure::{percentile_ms, runtime};
use crate::node::{Addresses, MORNING, Place, TENANT, act, login, plant_with};

const CLIENTS: usize = 32;
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// The limits run out on as many days; so that many mornings share them.
const DAYS: usize = 40;
/// The node works this long before the moment the notices are due.
const BEFORE_MS: i64 = 5_000;
const WAIT_S_MAX: u64 = 900;

/// Whatever has not left.
const WAITING: &str = "select due from notices where state = 0";
/// When each of the herd was taken by the mail server.
const LEFT: &str = "select a.at from notice_attempts a join notices n on n.tenant = a.tenant and n.case_id = a.case_id and n.key = a.key
  where n.kind = 'o.yellow' and a.sent = 1";

/// One task with one limit. The first rung is the only one of its hour.
const WORKFLOW: &str = "
workflow: one-limit
title: {zh: 一个期限, en: One limit}
nature: service
basis: [基准]
people: {handler: {office: ez-fgw, post: handler}, head: {office: ez-fgw, post: head}}
ladders:
  step: [{at: -2 working days, hour: \"10:00\", say: o.yellow, to: head}]
steps:
  do: {title: {zh: 办理, en: Do}, task: {by: handler, outcomes: [done]}, within: 60 working days, remind: step, next: done}
  done: {title: {zh: 办结, en: Done}, end: done}
";

/// A mail server that takes everything: RFC 5321 as far as a client needs it.
async fn mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream));
        }
    });
    port
}

async fn converse(stream: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 bench\r\n").await?;
    let mut in_data = false;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match (in_data, line.split(' ').next().unwrap_or_default()) {
            (true, ".") => {
                in_data = false;
                b"250 taken\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => return write.write_all(b"221 bye\r\n").await,
            (false, _) => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}

/// `open` cases with a limit each, begun in equal parts on as many working mornings.
async fn fill(app: &App, clock: &Clock, open: usize, days: usize) {
    let applicant = login(&app.known(TENANT).await.unwrap(), "chen");
    let mut mornings = (0..).map(|day| Moment(MORNING.0 + day * DAY_MS)).filter(|moment| !matches!(moment.date().weekday(), Weekday::Sat | Weekday::Sun));
    for day in 0..days {
        assert!(clock.set(mornings.next().unwrap()));
        let share = open * (day + 1) / days - open * day / days;
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..CLIENTS {
            let app = app.clone();
            clients.spawn(async move {
                for _ in (client..share).step_by(CLIENTS) {
                    act(&app, None, applicant, Act::Start { workflow: "one-limit".into(), form: None, rank: 9 }).await;
                }
            });
        }
        clients.join_all().await;
    }
}

/// The end of the first morning on which something is due, and how many cases are due by then.
async fn first_herd(app: &App) -> (Moment, usize) {
    let all = app.store().due_cases(Moment(MORNING.0 + 200 * DAY_MS), u32::MAX / 2).await.unwrap();
    let first = all.iter().map(|(_, _, at)| *at).min().unwrap();
    (first, all.iter().filter(|(_, _, at)| at.0 < first.0 + HOUR_MS).count())
}

async fn run(peer: &str, words: &Words, place: &Place) -> Value {
    let (open, days) = (words.number(0, 100_000), words.number(1, DAYS));
    let clock = Clock::moved_to(MORNING);
    let (app, crew) = plant_with(place, &clock, Addresses::OfOne("ez-fgw.head"), ("one-limit.yaml", WORKFLOW)).await;
    fill(&app, &clock, open, days).await;
    let (due, herd) = first_herd(&app).await;
    drop((app, crew));
    assert_eq!(place.figures(WAITING).await, [] as [i64; 0], "nothing may wait before the measured hour");
    let mail = Mail::Smtp(Smtp {
        host: "127.0.0.1".to_owned(),
        port: mail_server().await,
        tls: "none".to_owned(),
        user: None,
        password_file: None,
        from: "greenlane@bench.invalid".to_owned(),
        root_certificate: None,
    });
    let config = Config { mail, role: Role::Worker, ..place.start(&clock).config };
    assert!(clock.set(Moment(due.0 - BEFORE_MS)));
    let (app, crew) = place.open_with(Start { config, ..place.start(&clock) }).await;
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let began = Instant::now();
    crew.spawn(&tracker, &stop);
    let mut left = Vec::new();
    while left.len() < herd {
        assert!(began.elapsed() < Duration::from_secs(WAIT_S_MAX), "{} of {herd} left within {WAIT_S_MAX} s", left.len());
        tokio::time::sleep(Duration::from_millis(500)).await;
        left = place.figures(LEFT).await;
    }
    stop.cancel();
    tracker.close();
    tracker.wait().await;
    app.store().close().await;
    let mut late: Vec<u32> = left.into_iter().map(|at| u32::try_from(at - due.0).unwrap() * 1000).collect();
    late.sort_unstable();
    let seconds = |part: f64| percentile_ms(&late, part) / 1000.0;
    json!({ "peer": peer, "open": open, "due_at_once": herd, "left": late.len(), "p50_s": seconds(0.5), "p99_s": seconds(0.99), "max_s": seconds(1.0) })
}

pub fn sqlite(words: &Words) -> Value {
    let place = Place::sqlite(words, 2);
    runtime().block_on(run("leave-sqlite", words, &place))
}

pub fn postgres(words: &Words) -> Value {
    let place = Place::postgres(words, 2);
    runtime().block_on(run("leave-pg", words, &place))
}

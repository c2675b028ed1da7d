//! Mail in a real SMTP dialogue: what arrives, and what each failure of the server means for the message.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenlane::channels::{Channel, PasswordFrom, Rendered, SendError, Smtp, SmtpConfig, TlsMode};
use greenlane::ids::Moment;

use crate::smtp_sink::{At, Fails, SmtpSink, USER};

const TO: &str = "officer@example.invalid";

fn message(number: u8) -> Rendered {
    Rendered {
        message_id: format!("<{number:032x}@greenlane.example.invalid>"),
        from: "绿色通道 <noreply@greenlane.example.invalid>".into(),
        to: TO.into(),
        subject: "[绿色通道] 临期提醒：GC20250001-HP 环境影响报告表审批还剩 1 个工作日".into(),
        text: "办件 GC20250001-HP\n.\n..两点开头\n到期日：2025年4月22日\n".into(),
        date: Moment(1_745_200_800_000),
        unsubscribe: None,
    }
}

fn channel(config: &SmtpConfig) -> Channel {
    Channel::Smtp(Smtp::open(config).unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

/// Sends the first message with `fails` planned at `at`, then a second one that must arrive whatever happened to the first.
async fn first_send(at: At, fails: Fails, timeout: Duration) -> (Result<String, SendError>, SmtpSink) {
    let sink = SmtpSink::start().await;
    sink.plan(at, fails);
    let channel = channel(&SmtpConfig { timeout, ..sink.config() });
    let first = channel.send(&message(1)).await.map(|receipt| receipt.detail);
    let second = channel.send(&message(2)).await;
    assert!(second.is_ok(), "after {at:?} {fails:?}: {second:?}");
    assert_eq!(sink.wait_for(1).await.last().unwrap().message_id, message(2).message_id);
    (first, sink)
}

/// Decodes encoded words (RFC 2047, `B` and `Q`) without the library that wrote them.
fn decode_words(header: &str) -> String {
    let mut out = Vec::new();
    let mut last_was_word = false;
    for part in header.split_whitespace() {
        let word = part.strip_prefix("=?utf-8?").and_then(|rest| rest.strip_suffix("?="));
        let joins = last_was_word && word.is_some();
        if !out.is_empty() && !joins {
            out.push(b' ');
        }
        match word.and_then(|word| word.split_once('?')) {
            Some(("b" | "B", text)) => out.extend(STANDARD.decode(text).unwrap()),
            Some(("q" | "Q", text)) => out.extend(decode_q(text)),
            _ => out.extend(part.bytes()),
        }
        last_was_word = word.is_some();
    }
    String::from_utf8(out).unwrap()
}

fn decode_q(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'_' => out.push(b' '),
            b'=' => {
                let pair: Vec<u8> = bytes.by_ref().take(2).collect();
                out.extend(hex::decode(pair).unwrap());
            }
            other => out.push(other),
        }
    }
    out
}

/// A header with its folded lines, and the body.
fn parts(data: &str) -> (Vec<(String, String)>, String) {
    let (head, body) = data.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = unfolded.lines().map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap());
    (headers.collect(), body.to_owned())
}

fn header(data: &str, name: &str) -> String {
    let found: Vec<_> = parts(data).0.into_iter().filter(|(header, _)| header == name).collect();
    assert_eq!(found.len(), 1, "{name} in {data}");
    found[0].1.clone()
}

#[tokio::test]
async fn a_chinese_mail_arrives_whole_over_starttls_with_a_sign_in() {
    let sink = SmtpSink::start().await;
    let channel = channel(&sink.config());
    let receipt = channel.send(&message(1)).await.unwrap();
    assert_eq!(receipt.detail, "2.0.0 queued");
    let [mail] = sink.mails().try_into().unwrap();
    assert_eq!(
        (mail.tls, mail.user.as_deref(), mail.from.as_str(), mail.to.as_slice()),
        (true, Some(USER), "noreply@greenlane.example.invalid", &[TO.to_owned()][..])
    );
    assert_eq!(mail.message_id, message(1).message_id);
    assert_eq!(decode_words(&header(&mail.data, "Subject")), message(1).subject);
    assert_eq!(decode_words(&header(&mail.data, "From")), message(1).from);
    assert_eq!(header(&mail.data, "To"), TO);
    assert_eq!(header(&mail.data, "Date"), "Mon, 21 Apr 2025 02:00:00 +0000");
    assert_eq!(header(&mail.data, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mail.data, "Content-Type"), "text/plain; charset=utf-8");
    let body: String = parts(&mail.data).1.split_whitespace().collect();
    let text = String::from_utf8(STANDARD.decode(body).unwrap()).unwrap();
    assert_eq!(text.replace("\r\n", "\n"), message(1).text);
    let bare: Vec<_> = sink.commands().into_iter().filter(|(_, tls)| !tls).map(|(word, _)| word).collect();
    assert_eq!(bare, ["EHLO", "STARTTLS"], "nothing else may travel in the open");
    channel.close().await;
}

#[tokio::test]
async fn tls_from_the_first_byte_works_and_one_connection_carries_many() {
    let sink = SmtpSink::start_with(TlsMode::Tls).await;
    let channel = channel(&sink.config());
    for number in 1..=3 {
        channel.send(&message(number)).await.unwrap();
    }
    assert_eq!(sink.mails().iter().map(|mail| (mail.tls, mail.connection)).collect::<Vec<_>>(), [(true, 1); 3]);
    channel.close().await;
    assert_eq!(sink.commands().last(), Some(&("QUIT".to_owned(), true)));
}

#[tokio::test]
async fn a_server_that_knows_only_login_is_signed_in_to() {
    let sink = SmtpSink::start().await;
    sink.offer("LOGIN");
    channel(&sink.config()).send(&message(1)).await.unwrap();
    assert_eq!(sink.mails()[0].user.as_deref(), Some(USER));
    let other = SmtpSink::start().await;
    other.offer("CRAM-MD5");
    let sent = channel(&other.config()).send(&message(1)).await;
    assert!(matches!(&sent, Err(SendError::Temporary(text)) if text.starts_with("signing in")), "{sent:?}");
}

#[tokio::test]
async fn a_local_relay_without_tls_needs_no_sign_in() {
    let sink = SmtpSink::start_with(TlsMode::None).await;
    channel(&sink.config()).send(&message(1)).await.unwrap();
    assert_eq!(sink.mails()[0].user, None);
}

#[tokio::test]
async fn a_server_that_offers_no_tls_is_told_nothing() {
    let sink = SmtpSink::start_with(TlsMode::None).await;
    let password = sink.ca_file();
    let config = SmtpConfig { tls: TlsMode::StartTls, user: Some(USER.into()), password: Some(PasswordFrom::File(password)), ..sink.config() };
    let sent = channel(&config).send(&message(1)).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    assert!(sink.commands().iter().all(|(word, _)| word == "EHLO"), "{:?}", sink.commands());
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let sink = SmtpSink::start().await;
    let sent = channel(&SmtpConfig { root_certificates: None, ..sink.config() }).send(&message(1)).await;
    assert!(matches!(&sent, Err(SendError::Temporary(text)) if text.starts_with("STARTTLS")), "{sent:?}");
    assert!(sink.commands().iter().all(|(word, _)| word != "AUTH"));
}

#[tokio::test]
async fn a_busy_recipient_is_tried_later() {
    let (sent, sink) = first_send(At::Rcpt, Fails::Says("451 4.3.0 <officer@example.invalid> try later"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, may work later: RCPT: transient error (451): 4.3.0 <(recipient)> try later");
    assert_eq!(sink.connections(), 1, "a server that said no is still in step");
}

#[tokio::test]
async fn an_unknown_recipient_is_refused_for_good_and_not_named() {
    let (sent, _) = first_send(At::Rcpt, Fails::Says("550 5.1.1 <officer@example.invalid> unknown"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, refused for good: RCPT: permanent error (550): 5.1.1 <(recipient)> unknown");
}

#[tokio::test]
async fn a_refused_text_is_refused_for_good_and_a_full_disk_is_not() {
    let (sent, _) = first_send(At::Text, Fails::Says("554 5.6.0 not this"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, refused for good: the text: permanent error (554): 5.6.0 not this");
    let (sent, _) = first_send(At::Text, Fails::Says("452 4.3.1 disk full"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, may work later: the text: transient error (452): 4.3.1 disk full");
}

#[tokio::test]
async fn a_rejected_sign_in_speaks_of_us_and_parks_no_message() {
    let (sent, _) = first_send(At::Auth, Fails::Says("535 5.7.8 rejected"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, may work later: signing in: permanent error (535): 5.7.8 rejected");
    let (sent, _) = first_send(At::Mail, Fails::Says("530 5.7.0 sign in first"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, may work later: MAIL: permanent error (530): 5.7.0 sign in first");
    let (sent, _) = first_send(At::Greeting, Fails::SaysAndCloses("554 no service for you"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, may work later: connecting: permanent error (554): no service for you");
}

#[tokio::test]
async fn an_answer_lost_after_the_text_is_tried_later_with_the_same_id() {
    let sink = SmtpSink::start().await;
    sink.plan(At::Text, Fails::Closes);
    let channel = channel(&sink.config());
    let lost = channel.send(&message(1)).await;
    assert!(matches!(lost, Err(SendError::Temporary(_))), "{lost:?}");
    channel.send(&message(1)).await.unwrap();
    let ids: Vec<_> = sink.mails().into_iter().map(|mail| mail.message_id).collect();
    assert_eq!(ids, [message(1).message_id, message(1).message_id], "taken twice, told apart by nobody");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_text_is_tried_later() {
    let (sent, sink) = first_send(At::Data, Fails::SaysAndCloses("354 go on"), Duration::from_secs(20)).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_silent_server_costs_one_timeout_and_its_connection() {
    let places = [At::Greeting, At::StartTls, At::Auth, At::Mail, At::Rcpt, At::Data];
    // Side by side, so that the wait is that of one. Long enough for the second message on a busy machine.
    let all = places.map(|at| async move { (at, first_send(at, Fails::Hangs, Duration::from_secs(2)).await) });
    for (at, (sent, sink)) in futures::future::join_all(all).await {
        assert!(matches!(&sent, Err(SendError::Temporary(text)) if text.contains("2s")), "{at:?}: {sent:?}");
        assert_eq!((sink.mails().len(), sink.connections()), (1, 2), "{at:?}");
    }
}

#[tokio::test]
async fn a_connection_the_server_closed_meanwhile_costs_no_attempt() {
    let sink = SmtpSink::start().await;
    sink.plan(At::Text, Fails::SaysAndCloses("250 2.0.0 queued, good-bye"));
    let channel = channel(&sink.config());
    channel.send(&message(1)).await.unwrap();
    channel.send(&message(2)).await.unwrap();
    assert_eq!(sink.mails().iter().map(|mail| mail.connection).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn an_answer_out_of_step_is_not_taken_for_success() {
    let (sent, sink) = first_send(At::Data, Fails::Says("250 recipient ok"), Duration::from_secs(20)).await;
    insta::assert_snapshot!(sent.unwrap_err(), @"not sent, may work later: DATA: expected code [354], found `250 recipient ok`");
    assert_eq!((sink.mails().len(), sink.connections()), (1, 2));
}

#[tokio::test]
async fn nobody_listening_is_tried_later() {
    let sink = SmtpSink::start().await;
    let config = sink.config();
    drop(sink);
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), "secret").unwrap();
    let config = SmtpConfig { root_certificates: None, password: Some(PasswordFrom::File(roots.path().into())), ..config };
    let sent = channel(&config).send(&message(1)).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_all_named_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let config = SmtpConfig {
        host: "mail.example.invalid".into(),
        port: 0,
        tls: TlsMode::Tls,
        user: Some("greenlane".into()),
        password: Some(PasswordFrom::File(empty.clone())),
        from: "no address".into(),
        hello: None,
        timeout: Duration::from_secs(30),
        root_certificates: Some(empty),
    };
    let text: String = Smtp::open(&config).unwrap_err().iter().map(|mistake| format!("{mistake}\n")).collect();
    insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "DIR"), @r"
    smtp.port: expected a port from 1 to 65535, found `0` / 应为 1 至 65535 的端口，实为 `0`
    smtp.from: expected a sender such as `Greenlane <noreply@example.gov.cn>`, found `no address` / 应为 发件人，如 `绿色通道 <noreply@example.gov.cn>`，实为 `no address`
    smtp.password: expected a password in `DIR/empty`, found `nothing` / 应为 `DIR/empty` 中的密码，实为 `nothing`
    smtp.root_certificates: expected `DIR/empty` to be a PEM file of certificates, found `no certificate` / 应为 `DIR/empty` 为 PEM 证书文件，实为 `no certificate`
    ");
    let config = SmtpConfig {
        password: Some(PasswordFrom::Env("GREENLANE_NO_SUCH_VARIABLE".into())),
        root_certificates: None,
        port: 465,
        from: "a@b.example".into(),
        ..config
    };
    let text: String = Smtp::open(&config).unwrap_err().iter().map(|mistake| format!("{mistake}\n")).collect();
    insta::assert_snapshot!(text, @"smtp.password: expected `$GREENLANE_NO_SUCH_VARIABLE` to be readable, found `environment variable not found` / 应为 `$GREENLANE_NO_SUCH_VARIABLE` 可读，实为 `environment variable not found`");
}

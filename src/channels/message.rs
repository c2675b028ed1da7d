//! A rendered message as the bytes of RFC 5322: headers, encoded words, a text that survives any relay.
//! Invariant: the same message gives the same bytes. Never: a header whose value brought its own line break.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message};

use super::{Rendered, SendError};

/// How the text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// As base64: every relay carries it.
    Relay,
    /// As it is: whoever opens the file can read it.
    File,
}

/// A message with its envelope.
pub struct Composed {
    /// From whom to whom.
    pub envelope: Envelope,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The bytes of `rendered`.
///
/// # Errors
/// Permanent, when an address or a header cannot be written safely.
pub fn compose(rendered: &Rendered, transfer: Transfer) -> Result<Composed, SendError> {
    let Rendered { message_id, from, to, subject, text, date, unsubscribe } = rendered;
    let stop = unsubscribe.clone().unwrap_or_default();
    for (header, value) in [("Message-ID", message_id), ("From", from), ("To", to), ("Subject", subject), ("List-Unsubscribe", &stop)] {
        if value.chars().any(char::is_control) {
            return Err(SendError::Permanent(format!("expected one line in header `{header}`, found a control character")));
        }
    }
    if !is_message_id(message_id) {
        return Err(SendError::Permanent(format!("expected a Message-ID such as `<key@origin>`, found `{message_id}`")));
    }
    let to = mailbox("To", to)?;
    let from = mailbox("From", from)?;
    let body = match transfer {
        Transfer::File if readable(text) => {
            Body::dangerous_pre_encoded(text.lines().flat_map(|line| [line, "\r\n"]).collect::<String>().into_bytes(), ContentTransferEncoding::EightBit)
        }
        Transfer::File | Transfer::Relay => {
            let encoded = Body::new_with_encoding(text.clone(), ContentTransferEncoding::Base64);
            encoded.map_err(|_| SendError::Permanent("the text cannot be carried".to_owned()))?
        }
    };
    let mut builder = Message::builder()
        .message_id(Some(message_id.clone()))
        .date(UNIX_EPOCH + Duration::from_millis(date.0.max(0).unsigned_abs()))
        .from(from)
        .to(to)
        .subject(subject)
        // RFC 3834: no vacation notice may answer it.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    if let Some(stop) = unsubscribe {
        if !stop.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>') {
            return Err(SendError::Permanent("expected an address in header `List-Unsubscribe`, found something else".to_owned()));
        }
        builder = builder
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("List-Unsubscribe"), format!("<{stop}>")))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click".to_owned()));
    }
    let message = builder.header(ContentType::TEXT_PLAIN).body(body).map_err(|error| SendError::Permanent(error.to_string()))?;
    Ok(Composed { envelope: message.envelope().clone(), bytes: message.formatted() })
}

/// Whether the text may stand in a file as it is: no line past the bound of RFC 5322. The library itself encodes any text that is mostly Chinese.
fn readable(text: &str) -> bool {
    const LINE_BYTES_MAX: usize = 998;
    text.lines().all(|line| line.len() <= LINE_BYTES_MAX && !line.contains('\r'))
}

fn mailbox(header: &str, value: &str) -> Result<Mailbox, SendError> {
    // The value stays out of the words: it may be a person's address.
    let usable = |mailbox: &Mailbox| mailbox.email.user().is_ascii() && mailbox.email.domain().is_ascii();
    let mailbox = value.trim().parse().ok().filter(usable);
    mailbox.ok_or_else(|| SendError::Permanent(format!("expected an address in header `{header}`, found none that every relay can carry")))
}

fn is_message_id(text: &str) -> bool {
    let inside = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let parts = inside.and_then(|inside| inside.split_once('@'));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    parts.is_some_and(|(left, right)| plain(left) && plain(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Moment;

    fn rendered() -> Rendered {
        Rendered {
            message_id: "<0a1b@greenlane.example.invalid>".into(),
            from: "绿色通道 <noreply@greenlane.example.invalid>".into(),
            to: "officer@example.invalid".into(),
            subject: "[绿色通道] 临期提醒".into(),
            text: "一件\n.\n两件\n".into(),
            date: Moment(1_745_200_800_000),
            unsubscribe: None,
        }
    }

    fn refused(change: impl FnOnce(&mut Rendered)) -> String {
        let mut rendered = rendered();
        change(&mut rendered);
        match compose(&rendered, Transfer::Relay) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("composed {rendered:?}"),
        }
    }

    #[test]
    fn the_bytes_follow_from_the_message_alone() {
        let (first, again) = (compose(&rendered(), Transfer::Relay).unwrap(), compose(&rendered(), Transfer::Relay).unwrap());
        assert_eq!(first.bytes, again.bytes);
        let text = String::from_utf8(first.bytes).unwrap();
        assert!(text.is_ascii(), "{text}");
        for header in ["Message-ID: <0a1b@greenlane.example.invalid>\r\n", "Date: Mon, 21 Apr 2025 02:00:00 +0000\r\n", "Auto-Submitted: auto-generated\r\n"] {
            assert!(text.contains(header), "expected {header:?} in {text}");
        }
    }

    #[test]
    fn a_digest_says_how_it_is_stopped_with_one_request() {
        let stop = "https://greenlane.example/unsubscribe/420700-ab-digests-cd";
        let digest = Rendered { unsubscribe: Some(stop.into()), ..rendered() };
        let text = String::from_utf8(compose(&digest, Transfer::Relay).unwrap().bytes).unwrap().replace("\r\n ", "");
        assert!(text.contains(&format!("List-Unsubscribe: <{stop}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")), "{text}");
        let plain = String::from_utf8(compose(&rendered(), Transfer::Relay).unwrap().bytes).unwrap();
        assert!(!plain.contains("List-Unsubscribe"), "{plain}");
        insta::assert_snapshot!(refused(|message| message.unsubscribe = Some("https://a/>, <mailto:b".into())), @"not sent, refused for good: expected an address in header `List-Unsubscribe`, found something else");
    }

    #[test]
    fn a_line_break_in_a_header_is_refused() {
        insta::assert_snapshot!(refused(|message| message.subject = "x\r\nBcc: a@example.invalid".into()), @"not sent, refused for good: expected one line in header `Subject`, found a control character");
        insta::assert_snapshot!(refused(|message| message.from = "x\n <a@example.invalid>".into()), @"not sent, refused for good: expected one line in header `From`, found a control character");
        insta::assert_snapshot!(refused(|message| message.to = "a@example.invalid\r".into()), @"not sent, refused for good: expected one line in header `To`, found a control character");
        insta::assert_snapshot!(refused(|message| message.message_id = "<a@b>\r\nX: y".into()), @"not sent, refused for good: expected one line in header `Message-ID`, found a control character");
    }

    #[test]
    fn what_is_no_address_or_id_is_refused_without_showing_the_address() {
        insta::assert_snapshot!(refused(|message| message.to = "secret name".into()), @"not sent, refused for good: expected an address in header `To`, found none that every relay can carry");
        insta::assert_snapshot!(refused(|message| message.message_id = "a@b".into()), @"not sent, refused for good: expected a Message-ID such as `<key@origin>`, found `a@b`");
    }
}

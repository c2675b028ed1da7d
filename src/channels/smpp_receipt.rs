//! Delivery receipts of a message centre: read out of a `deliver_sm`, and answered when they were kept.
//! Invariant: a receipt that was not kept is answered with a temporary error, so that the message centre gives it again. Never: a message from a telephone taken for one.

use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::TlvValue;
use rusmpp::values::{MessageState, MessageType};
use tokio::sync::oneshot;

use crate::ids::Moment;
use crate::limits::SEND_DETAIL_CHARS_MAX;

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is on record, now or before.
    Yes,
    /// No message of ours has that id, or not yet.
    Unknown,
}

/// A receipt that waits to be kept.
#[derive(Debug)]
pub struct Report {
    /// The message centre's name for the message.
    pub id: String,
    /// It arrived, or will not.
    pub delivered: bool,
    /// The message centre's words.
    pub words: String,
    /// When a worker first found no message of that name.
    pub missed: Option<Moment>,
    asked: oneshot::Sender<Kept>,
}

impl Report {
    pub(super) fn new(read: Read, asked: oneshot::Sender<Kept>) -> Self {
        let Read { id, delivered, words } = read;
        Self { id, delivered, words, missed: None, asked }
    }

    /// Answers the message centre.
    pub fn answer(self, kept: Kept) {
        // Gone meanwhile, it gives the receipt again at the next bind.
        let _ = self.asked.send(kept);
    }
}

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub id: String,
    pub delivered: bool,
    pub words: String,
}

/// The states of SMPP 3.4, appendix B, as a receipt's text spells them and as the parameter `message_state` counts them.
const FINAL: [(&str, bool); 6] = [("DELIVRD", true), ("EXPIRED", false), ("DELETED", false), ("UNDELIV", false), ("REJECTD", false), ("UNKNOWN", false)];

/// The receipt in it; `None` for a message from a telephone, a state on the way, and what names no message.
pub fn read(deliver: &DeliverSm) -> Option<Read> {
    if deliver.esm_class.message_type != MessageType::ShortMessageContainsMCDeliveryReceipt {
        return None;
    }
    let text = String::from_utf8_lossy(deliver.short_message().as_ref()).into_owned();
    let (mut id, mut state, mut delivered) = (field(&text, "id:"), field(&text, "stat:").map(|state| state.to_ascii_uppercase()), None);
    for value in deliver.tlvs().iter().filter_map(|tlv| tlv.value()) {
        match value {
            TlvValue::ReceiptedMessageId(given) => id = Some(given.as_str().to_owned()),
            TlvValue::MessageState(given) => {
                let (word, arrived) = spelled(*given)?;
                state = state.or_else(|| Some(word.to_owned()));
                delivered = Some(arrived);
            }
            _ => {} // Parameters of another's list: none of them says what became of the message.
        }
    }
    let state = state?;
    // The text's own word counts where there is one; a centre's further words are no end.
    let delivered = FINAL.iter().find(|(word, _)| *word == state).map(|(_, arrived)| *arrived).or(delivered)?;
    let error = field(&text, "err:").filter(|error| !error.trim_start_matches('0').is_empty());
    let words = error.map_or(state.clone(), |error| format!("{state} err {error}"));
    let printable = words.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SEND_DETAIL_CHARS_MAX).collect();
    Some(Read { id: id.filter(|id| !id.is_empty())?, delivered, words: printable })
}

/// The word of a state that is an end, and whether the message arrived.
const fn spelled(state: MessageState) -> Option<(&'static str, bool)> {
    match state {
        MessageState::Delivered => Some(("DELIVRD", true)),
        MessageState::Expired => Some(("EXPIRED", false)),
        MessageState::Deleted => Some(("DELETED", false)),
        MessageState::Undeliverable => Some(("UNDELIV", false)),
        MessageState::Rejected => Some(("REJECTD", false)),
        MessageState::Unknown => Some(("UNKNOWN", false)),
        _ => None, // Scheduled, on the way, accepted, or a number of another version.
    }
}

/// The word behind `name` in `id:... sub:... stat:... err:...`; spellings differ in their capitals only.
fn field(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + lower[from..].find(name)?;
        // `sub:` would else be found in `stub:`.
        if at == 0 || lower.as_bytes()[at - 1] == b' ' {
            return text[at + name.len()..].split(' ').next().map(str::to_owned);
        }
        from = at + name.len();
    }
}

#[cfg(test)]
mod tests {
    use rusmpp::tlvs::MessageDeliveryRequestTlvValue;
    use rusmpp::types::{COctetString, OctetString};
    use rusmpp::values::EsmClass;

    use super::*;

    fn deliver(class: u8, text: &str, tlvs: Vec<MessageDeliveryRequestTlvValue>) -> DeliverSm {
        DeliverSm::builder().esm_class(EsmClass::from(class)).short_message(OctetString::from_slice(text.as_bytes()).unwrap()).tlvs(tlvs).build()
    }

    fn said(text: &str) -> Option<(String, bool, String)> {
        read(&deliver(4, text, Vec::new())).map(|Read { id, delivered, words }| (id, delivered, words))
    }

    #[test]
    fn the_text_of_appendix_b_is_read_in_any_capitals() {
        let text = "id:0A1b sub:001 dlvrd:001 submit date:2503030830 done date:2503030831 stat:DELIVRD err:000 Text:id:7 stat:UNDELIV";
        assert_eq!(said(text), Some(("0A1b".into(), true, "DELIVRD".into())));
        assert_eq!(said("id:7 sub:001 Stat:undeliv Err:0A4 text:"), Some(("7".into(), false, "UNDELIV err 0A4".into())));
        for (word, arrived) in FINAL {
            assert_eq!(said(&format!("id:7 stat:{word}")), Some(("7".into(), arrived, word.into())));
        }
    }

    #[test]
    fn a_state_on_the_way_and_a_message_from_a_telephone_are_no_receipts() {
        for text in ["id:7 stat:ENROUTE", "id:7 stat:ACCEPTD", "id:7", "stat:DELIVRD", "hello", "grid:7 stat:DELIVRD"] {
            assert_eq!(said(text), None, "{text}");
        }
        assert_eq!(read(&deliver(0, "id:7 stat:DELIVRD", Vec::new())), None);
    }

    #[test]
    fn parameters_say_it_where_the_text_does_not() {
        let id = MessageDeliveryRequestTlvValue::ReceiptedMessageId(COctetString::from_string("77".to_owned()).unwrap());
        let state = MessageDeliveryRequestTlvValue::MessageState(MessageState::Rejected);
        let found = read(&deliver(4, "", vec![id.clone(), state])).unwrap();
        assert_eq!((found.id.as_str(), found.delivered, found.words.as_str()), ("77", false, "REJECTD"));
        assert_eq!(read(&deliver(4, "", vec![id, MessageDeliveryRequestTlvValue::MessageState(MessageState::Enroute)])), None);
    }
}

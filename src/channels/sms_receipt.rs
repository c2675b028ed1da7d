//! Delivery receipts: what a gateway tells us later of a message it has taken.
//! Invariant: nothing is read of a request before its proof is found right, in time that does not tell how wrong it was. Never: a change of anything; it reads.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::secret;
use super::sms_http::scalar;
use crate::config::{Proof, ReceiptRules};
use crate::limits::{SEND_DETAIL_CHARS_MAX, SMS_RECEIPTS_MAX};
use crate::secret::Secret;

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsReceipt {
    /// Our id: the notice's key.
    pub id: String,
    /// It arrived, or will not.
    pub delivered: bool,
    /// The gateway's words.
    pub words: String,
}

/// Why a request was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Its proof is missing or wrong.
    Unproven,
    /// It is not what the configuration says receipts look like.
    Unreadable(String),
}

/// How receipts are known and read, with the secret.
#[derive(Clone, Debug)]
pub struct SmsReceipts {
    rules: ReceiptRules,
    secret: Secret,
}

impl SmsReceipts {
    /// Reads the secret.
    ///
    /// # Errors
    /// What was expected and found.
    pub fn open(rules: &ReceiptRules, home: &Path) -> Result<Self, String> {
        let secret = secret::read(&rules.secret, home).map_err(|mistake| format!("sms.gateway.receipt.secret-file: {mistake}"))?;
        Ok(Self { rules: rules.clone(), secret })
    }

    /// The header that holds the proof.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.rules.header
    }

    /// What the gateway wants to hear when its receipt was taken.
    #[must_use]
    pub fn answer(&self) -> &str {
        &self.rules.answer
    }

    /// The receipts of a request: a form, a JSON object, or a JSON list of objects. States that are neither arrival nor failure are left out.
    ///
    /// # Errors
    /// Why it was not read.
    pub fn read(&self, proof: Option<&[u8]>, form: bool, body: &[u8]) -> Result<Vec<SmsReceipt>, Unread> {
        if !proof.is_some_and(|proof| self.proves(proof, body)) {
            return Err(Unread::Unproven);
        }
        let documents = if form { vec![form_document(body)?] } else { json_documents(body)? };
        let mut receipts = Vec::with_capacity(documents.len());
        for document in &documents {
            let state = self.text(document, &self.rules.state)?;
            let delivered = self.rules.delivered.contains(&state);
            if !delivered && !self.rules.failed.is_empty() && !self.rules.failed.contains(&state) {
                continue;
            }
            let further = self.rules.words.as_ref().and_then(|path| found(document, path)).filter(|words| *words != state);
            let words = further.map_or(state.clone(), |words| format!("{state} {words}"));
            receipts.push(SmsReceipt { id: self.text(document, &self.rules.id)?, delivered, words: one_line(&words) });
        }
        Ok(receipts)
    }

    fn proves(&self, proof: &[u8], body: &[u8]) -> bool {
        let secret = self.secret.expose().as_bytes();
        match self.rules.proof {
            Proof::Secret => proof.ct_eq(secret).into(),
            Proof::Hmac => {
                let Some(claimed) = digest(proof) else { return false };
                // A key of any length makes one.
                Hmac::<Sha256>::new_from_slice(secret).is_ok_and(|mac| mac.chain_update(body).verify_slice(&claimed).is_ok())
            }
        }
    }

    fn text(&self, document: &serde_json::Value, path: &[String]) -> Result<String, Unread> {
        let missing = || Unread::Unreadable(format!("expected a text at `{}`, found none", path.join(".")));
        found(document, path).filter(|text| !text.is_empty()).ok_or_else(missing)
    }
}

fn found(document: &serde_json::Value, path: &[String]) -> Option<String> {
    scalar(path.iter().try_fold(document, |value, step| value.get(step))?)
}

/// A claimed HMAC, in hexadecimal (also with the algorithm's name before it) or base64.
fn digest(proof: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(proof).ok()?.trim();
    let text = text.strip_prefix("sha256=").unwrap_or(text);
    hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok())
}

fn json_documents(body: &[u8]) -> Result<Vec<serde_json::Value>, Unread> {
    let root = serde_json::from_slice(body).map_err(|error| Unread::Unreadable(format!("expected JSON, found none: {error}")))?;
    match root {
        serde_json::Value::Array(items) if items.len() <= SMS_RECEIPTS_MAX => Ok(items),
        serde_json::Value::Array(items) => Err(Unread::Unreadable(format!("expected at most {SMS_RECEIPTS_MAX} receipts, found {}", items.len()))),
        serde_json::Value::Object(_) => Ok(vec![root]),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::String(_) => {
            Err(Unread::Unreadable("expected an object or a list of objects, found neither".to_owned()))
        }
    }
}

/// The fields of a form as a document with one level.
fn form_document(body: &[u8]) -> Result<serde_json::Value, Unread> {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(body).map_err(|error| Unread::Unreadable(format!("expected a form, found none: {error}")))?;
    Ok(pairs.into_iter().map(|(name, value)| (name, serde_json::Value::from(value))).collect::<serde_json::Map<_, _>>().into())
}

/// One printable line of bounded length: the words come from outside and are kept.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SEND_DETAIL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecretFrom;

    fn receipts(proof: Proof, change: impl FnOnce(&mut ReceiptRules)) -> SmsReceipts {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("key"), "Jefe").unwrap();
        let at = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let mut rules = ReceiptRules {
            proof,
            header: "x-signature".into(),
            secret: SecretFrom::File("key".into()),
            id: at("id"),
            state: at("report.state"),
            delivered: vec!["DELIVRD".into()],
            failed: Vec::new(),
            words: Some(at("report.note")),
            answer: "ok".into(),
        };
        change(&mut rules);
        SmsReceipts::open(&rules, home.path()).unwrap()
    }

    #[test]
    fn the_published_example_of_an_hmac_is_proof_in_both_spellings() {
        // RFC 4231, test case 2.
        const BODY: &[u8] = b"what do ya want for nothing?";
        const MAC: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let receipts = receipts(Proof::Hmac, |_| {});
        let base64 = STANDARD.encode(hex::decode(MAC).unwrap());
        for proof in [MAC.to_owned(), MAC.to_uppercase(), format!("sha256={MAC}"), base64] {
            assert!(matches!(receipts.read(Some(proof.as_bytes()), false, BODY), Err(Unread::Unreadable(_))), "{proof}");
        }
        for proof in [&MAC[2..], "", "Jefe", &MAC.replace('5', "6")] {
            assert_eq!(receipts.read(Some(proof.as_bytes()), false, BODY), Err(Unread::Unproven), "{proof}");
        }
        assert_eq!(receipts.read(None, false, BODY), Err(Unread::Unproven));
    }

    #[test]
    fn one_receipt_or_a_list_of_them_is_read_as_configured() {
        let receipts = receipts(Proof::Secret, |_| {});
        let read = |body: &str| receipts.read(Some(b"Jefe"), false, body.as_bytes());
        let arrived = SmsReceipt { id: "k1".into(), delivered: true, words: "DELIVRD".into() };
        assert_eq!(read(r#"{"id":"k1","report":{"state":"DELIVRD"}}"#), Ok(vec![arrived.clone()]));
        let lost = SmsReceipt { id: "k2".into(), delivered: false, words: "UNDELIV 停机 x".into() };
        let list = r#"[{"id":"k1","report":{"state":"DELIVRD"}},{"id":"k2","report":{"state":"UNDELIV","note":"停机\nx"}}]"#;
        assert_eq!(read(list), Ok(vec![arrived, lost]));
        for (body, said) in [
            (r#"{"id":"k1"}"#, "expected a text at `report.state`, found none"),
            (r#"{"report":{"state":"DELIVRD"}}"#, "expected a text at `id`, found none"),
            ("7", "expected an object or a list of objects, found neither"),
        ] {
            assert_eq!(read(body), Err(Unread::Unreadable(said.into())));
        }
        assert!(read(&format!("[{}]", vec!["{}"; SMS_RECEIPTS_MAX + 1].join(","))).is_err());
    }

    #[test]
    fn a_form_is_read_and_a_state_on_the_way_is_left_out() {
        let receipts = receipts(Proof::Secret, |rules| {
            rules.state = vec!["state".into()];
            rules.words = None;
            rules.failed = vec!["UNDELIV".into()];
        });
        let read = |body: &str| receipts.read(Some(b"Jefe"), true, body.as_bytes());
        assert_eq!(read("id=k1&state=UNDELIV"), Ok(vec![SmsReceipt { id: "k1".into(), delivered: false, words: "UNDELIV".into() }]));
        assert_eq!(read("id=k1&state=BUFFERED"), Ok(vec![]));
    }
}

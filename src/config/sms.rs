//! How short messages leave, who signs them, and how a gateway's delivery receipts are known.
//! Invariant: every mistake is named with its place. Never: a password or a token, only where one lies.

use std::path::PathBuf;

use super::cloud::{Cloud, aliyun, tencent};
use super::gateway::{Gateway, gateway};
use super::parsed;
use super::smpp::{Smpp, smpp};
use crate::limits::SMS_SIGNATURE_CHARS;
use crate::source::{Fields, Node, Reader, Tree};

/// How short messages leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// Who signs.
    pub signature: SmsSignature,
    /// The way out.
    pub way: SmsWay,
}

/// Who signs short messages; carriers register it together with each text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsSignature {
    /// Shown as 【…】 before a Chinese text.
    pub zh: String,
    /// Shown before an English text, with a colon.
    pub en: String,
}

/// The way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsWay {
    /// Written into a folder, one file each: for trying things out.
    Folder(PathBuf),
    /// Through a gateway over HTTP.
    Gateway(Box<Gateway>),
    /// Through a carrier's message centre over SMPP.
    Smpp(Box<Smpp>),
    /// Through a cloud in its own shape.
    Cloud(Box<Cloud>),
}

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretFrom {
    /// In a file; a line break at its end does not count.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

/// How the gateway proves that a receipt is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The header holds the secret.
    Secret,
    /// The header holds the HMAC-SHA256 of the body under the secret, hexadecimal or base64.
    Hmac,
}

/// How delivery receipts are known and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRules {
    /// What the header holds.
    pub proof: Proof,
    /// The header, in lower case.
    pub header: String,
    /// Where the secret lies.
    pub secret: SecretFrom,
    /// Where the receipt holds our id.
    pub id: Vec<String>,
    /// Where it holds what became of the message.
    pub state: Vec<String>,
    /// The states that say it arrived.
    pub delivered: Vec<String>,
    /// The states that say it will not arrive; empty for every other one.
    pub failed: Vec<String>,
    /// Where it holds further words.
    pub words: Option<Vec<String>>,
    /// What the gateway wants to hear.
    pub answer: String,
}

impl Default for Sms {
    fn default() -> Self {
        Self { signature: SmsSignature { zh: "鄂州政务".to_owned(), en: "Ezhou Gov".to_owned() }, way: SmsWay::Folder(PathBuf::from("sms")) }
    }
}

/// Reads `sms:`; what is wrong in it is with the reader.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, sms: &mut Sms) {
    let Some(fields) = reader.fields(node, &["signature", "folder", "gateway", "smpp", "aliyun", "tencent"]) else { return };
    if let Some(node) = fields.get("signature") {
        signature(reader, node, &mut sms.signature);
    }
    let folder = fields.get("folder").and_then(|node| reader.text(node)).map(|folder| SmsWay::Folder(PathBuf::from(folder)));
    let gateway = fields.get("gateway").and_then(|node| gateway(reader, node)).map(|gateway| SmsWay::Gateway(Box::new(gateway)));
    let smpp = fields.get("smpp").and_then(|node| smpp(reader, node)).map(|smpp| SmsWay::Smpp(Box::new(smpp)));
    let aliyun = fields.get("aliyun").and_then(|node| aliyun(reader, node)).map(|cloud| SmsWay::Cloud(Box::new(cloud)));
    let tencent = fields.get("tencent").and_then(|node| tencent(reader, node)).map(|cloud| SmsWay::Cloud(Box::new(cloud)));
    if ["folder", "gateway", "smpp", "aliyun", "tencent"].iter().filter(|way| fields.get(way).is_some()).count() > 1 {
        reader.expected(
            node,
            "wrong-value",
            (" `folder`、`gateway`、`smpp`、`aliyun` 或 `tencent` 之一", "one of `folder`, `gateway`, `smpp`, `aliyun` and `tencent`"),
        );
    }
    if let Some(way) = gateway.or(smpp).or(aliyun).or(tencent).or(folder) {
        sms.way = way;
    }
}

fn signature(reader: &mut Reader<'_>, node: &Node, signature: &mut SmsSignature) {
    let Some(fields) = reader.fields(node, &["zh", "en"]) else { return };
    let (first, last) = (SMS_SIGNATURE_CHARS.start(), SMS_SIGNATURE_CHARS.end());
    let fits = |text: &str| SMS_SIGNATURE_CHARS.contains(&text.chars().count()) && text.trim() == text && !text.contains(char::is_control);
    let (zh, en) = (format!(" {first} 至 {last} 个字、不带【】的签名"), format!("a signature of {first} to {last} characters, without 【】"));
    let bare = |text: &str| (fits(text) && !text.contains(['【', '】', '[', ']'])).then(|| text.to_owned());
    parsed(reader, fields.get("zh"), &mut signature.zh, (&zh, &en), bare);
    let (zh, en) = (format!(" {first} 至 {last} 个基本字母的签名"), format!("a signature of {first} to {last} plain letters"));
    parsed(reader, fields.get("en"), &mut signature.en, (&zh, &en), |text| (fits(text) && text.is_ascii()).then(|| text.to_owned()));
}

pub(super) fn secret(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<SecretFrom> {
    match (fields.get("secret-file"), fields.get("secret-env")) {
        (Some(file), None) => Some(SecretFrom::File(PathBuf::from(reader.text(file)?))),
        (None, Some(name)) => Some(SecretFrom::Env(reader.text(name)?)),
        (None, None) => None,
        (Some(_), Some(name)) => {
            reader.expected(name, "wrong-value", (" `secret-file` 或 `secret-env` 之一", "one of `secret-file` and `secret-env`"));
            None
        }
    }
}

pub(super) fn texts(reader: &mut Reader<'_>, node: Option<&Node>) -> Vec<String> {
    node.map_or(&[][..], each).iter().filter_map(|node| reader.text(node)).collect()
}

/// One value, or a list of them.
pub(super) fn each(node: &Node) -> &[Node] {
    match &node.tree {
        Tree::List(items) => items,
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::Map(_) => std::slice::from_ref(node),
    }
}

/// Names and places in lists, with dots between: `data.0.code`.
pub(super) fn path(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let text = reader.text(node)?;
    let steps: Vec<String> = text.split('.').map(str::to_owned).collect();
    if steps.iter().any(String::is_empty) {
        reader.expected(node, "wrong-path", ("以点分隔的路径，如 `data.0.code`", "a path with dots such as `data.0.code`"));
        return None;
    }
    Some(steps)
}

pub(super) fn receipt(reader: &mut Reader<'_>, node: &Node) -> Option<ReceiptRules> {
    let fields = reader.fields(node, &["by", "header", "secret-file", "secret-env", "id", "state", "delivered", "failed", "words", "answer"])?;
    let proof = reader.required(&fields, "by").and_then(|node| reader.word(node, &[("secret", Proof::Secret), ("hmac-sha256", Proof::Hmac)]));
    let header = reader.required(&fields, "header").and_then(|node| {
        let name = reader.text(node)?.to_ascii_lowercase();
        let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !token {
            reader.expected(node, "wrong-header", ("请求头的名称", "the name of a header"));
        }
        token.then_some(name)
    });
    let secret = secret(reader, &fields);
    if secret.is_none() && fields.get("secret-file").or_else(|| fields.get("secret-env")).is_none() {
        reader.mistake(
            node.at,
            "missing-key",
            ("缺少 `secret-file` 或 `secret-env`".to_owned(), "expected `secret-file` or `secret-env`, found neither".to_owned()),
        );
    }
    let mut at = |key: &str| reader.required(&fields, key).and_then(|node| path(reader, node));
    let (id, state) = (at("id"), at("state"));
    let delivered = reader.required(&fields, "delivered").map(|node| texts(reader, Some(node)));
    let failed = texts(reader, fields.get("failed"));
    let words = fields.get("words").and_then(|node| path(reader, node));
    let answer = fields.get("answer").map_or_else(|| Some("ok".to_owned()), |node| reader.text(node));
    Some(ReceiptRules { proof: proof?, header: header?, secret: secret?, id: id?, state: state?, delivered: delivered?, failed, words, answer: answer? })
}

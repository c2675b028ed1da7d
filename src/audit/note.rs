//! Signed notes (C2SP signed-note) with Ed25519: a text anybody can read, and under it a line for each signature.
//! Invariant: a note counts as signed only when a key the caller trusts verifies over exactly the text; unknown signatures are ignored, a known key's wrong one is not.
//! Never: a secret in an error, a `Debug` or a `Display`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::ids::Digest;

/// The signature type of Ed25519 in key ids and key texts.
const ED25519: u8 = 0x01;
/// Bytes of a key id.
const ID_BYTES: usize = 4;
/// Bytes of a note this program is willing to read.
const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Signatures of a note this program is willing to look at.
const SIGNATURES_MAX: usize = 100;
const SECRET_PREFIX: &str = "PRIVATE+KEY+";
const SIGNATURE_PREFIX: &str = "— ";

/// A public key under a name: `origin+hash+base64`, what a verifier is given on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    id: [u8; ID_BYTES],
    key: VerifyingKey,
}

impl LogKey {
    /// The log's name: the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn new(name: &str, key: VerifyingKey) -> Self {
        Self { name: name.to_owned(), id: key_id(name, &key), key }
    }

    fn verifies(&self, text: &str, line: &SignatureLine) -> bool {
        let signature = <[u8; 64]>::try_from(line.signature.as_slice()).map(|bytes| Signature::from_bytes(&bytes));
        signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519][..], self.key.as_bytes()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id))
    }
}

impl FromStr for LogKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, id, bytes) = key_parts(text.trim())?;
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| NoteError::Key(Expected { zh: "32 字节的曲线点", en: "32 bytes that are a point of the curve" }))?;
        let key = Self::new(name, key);
        if key.id == id { Ok(key) } else { Err(NoteError::KeyId { expected: hex::encode(key.id), found: hex::encode(id) }) }
    }
}

/// A signing key under a name.
#[derive(Clone)]
pub struct LogSecret {
    name: String,
    id: [u8; ID_BYTES],
    key: SigningKey,
}

impl LogSecret {
    /// A key from 32 random bytes of the caller.
    ///
    /// # Errors
    /// A name is not empty and has neither spaces nor `+`.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        Ok(Self { name: valid_name(name)?.to_owned(), id: key_id(name, &key.verifying_key()), key })
    }

    /// Reads the text of `secret_text`.
    ///
    /// # Errors
    /// Says what a key text must be, never what it holds.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest = text
            .trim()
            .strip_prefix(SECRET_PREFIX)
            .ok_or(NoteError::Key(Expected { zh: "以 `PRIVATE+KEY+` 开头", en: "a text that begins with `PRIVATE+KEY+`" }))?;
        let (name, id, seed) = key_parts(rest)?;
        let secret = Self::new(name, &seed)?;
        if secret.id == id { Ok(secret) } else { Err(NoteError::KeyId { expected: hex::encode(secret.id), found: hex::encode(id) }) }
    }

    /// The text of the key file: whoever has it can sign. Not a `Display`, so that it cannot slip into a message.
    #[must_use]
    pub fn secret_text(&self) -> String {
        let seed = STANDARD.encode([&[ED25519][..], self.key.as_bytes()].concat());
        format!("{SECRET_PREFIX}{}+{}+{seed}", self.name, hex::encode(self.id))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> LogKey {
        LogKey::new(&self.name, self.key.verifying_key())
    }

    /// The log's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn sign(&self, text: &str) -> SignatureLine {
        SignatureLine { name: self.name.clone(), id: self.id, signature: self.key.sign(text.as_bytes()).to_bytes().to_vec() }
    }
}

impl fmt::Debug for LogSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSecret({})", self.name)
    }
}

/// A text with signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: [u8; ID_BYTES],
    signature: Vec<u8>,
}

impl Note {
    /// Signs `text`, which ends in a newline and has no control characters else.
    ///
    /// # Errors
    /// The text is not one that a note can carry.
    pub fn sign(text: &str, secret: &LogSecret) -> Result<Self, NoteError> {
        valid_text(text)?;
        Ok(Self { text: text.to_owned(), signatures: vec![secret.sign(text)] })
    }

    /// Adds a signature, as for the overlap of an old and a new key.
    pub fn add(&mut self, secret: &LogSecret) {
        self.signatures.push(secret.sign(&self.text));
    }

    /// Reads a note without trusting anything in it.
    ///
    /// # Errors
    /// Says which part is not that of a signed note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Format(Expected { zh: "不超过 64 KiB", en: "at most 64 KiB" }));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Format(Expected { zh: "UTF-8 文本", en: "UTF-8" }))?;
        let split = note
            .rfind("\n\n")
            .ok_or(NoteError::Format(Expected { zh: "正文与签名之间有一个空行", en: "a blank line between text and signatures" }))?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        valid_text(text)?;
        let lines =
            lines.strip_suffix('\n').ok_or(NoteError::Format(Expected { zh: "签名行以换行结尾", en: "signature lines that end in a newline" }))?;
        let signatures = lines.split('\n').take(SIGNATURES_MAX + 1).map(signature_line).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Format(Expected { zh: "不超过 100 个签名", en: "at most 100 signatures" }));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, once at least one of `keys` verifies it, with the names that did.
    ///
    /// # Errors
    /// No signature of a known key, or a wrong one of a known key.
    pub fn verify(&self, keys: &[LogKey]) -> Result<(&str, Vec<&str>), NoteError> {
        let mut verified: Vec<&str> = Vec::new();
        for line in &self.signatures {
            // Keys that share name and id by accident are all tried; the specification calls such a key ambiguous.
            let mut known = keys.iter().filter(|key| key.id == line.id && key.name == line.name).peekable();
            if known.peek().is_none() {
                continue;
            }
            if !known.any(|key| key.verifies(&self.text, line)) {
                return Err(NoteError::WrongSignature { name: line.name.clone(), id: hex::encode(line.id) });
            }
            verified.push(&line.name);
        }
        if verified.is_empty() {
            let found = self.signatures.iter().map(|line| format!("{}+{}", line.name, hex::encode(line.id))).collect();
            return Err(NoteError::NoKnownSignature { found });
        }
        Ok((&self.text, verified))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let signature = STANDARD.encode([&line.id[..], &line.signature].concat());
            writeln!(f, "{SIGNATURE_PREFIX}{} {signature}", line.name)?;
        }
        Ok(())
    }
}

/// What a text should have been, said in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

/// Why a note or a key is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// It is no signed note: what was expected.
    Format(Expected),
    /// It is no key: what was expected.
    Key(Expected),
    /// The hash in a key's text is not that of its name and key, so one of them is mistyped.
    KeyId {
        /// Computed.
        expected: String,
        /// Written.
        found: String,
    },
    /// A known key's signature does not fit the text.
    WrongSignature {
        /// The key's name.
        name: String,
        /// Its id.
        id: String,
    },
    /// None of the signatures is by a key that was given.
    NoKnownSignature {
        /// Names and ids that signed.
        found: Vec<String>,
    },
    /// The text is not that of a checkpoint: what was expected.
    Checkpoint(Expected),
}

impl NoteError {
    /// A stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "note_format",
            Self::Key(_) | Self::KeyId { .. } => "log_key",
            Self::WrongSignature { .. } => "signature_wrong",
            Self::NoKnownSignature { .. } => "signature_unknown",
            Self::Checkpoint(_) => "checkpoint_format",
        }
    }

    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Format(expected) => format!("不是签名文书（应为：{}）", expected.zh),
            Self::Key(expected) => format!("不是日志密钥（应为：{}）", expected.zh),
            Self::KeyId { expected, found } => format!("日志密钥的校验值应为 `{expected}`，实为 `{found}`，请核对是否抄错"),
            Self::WrongSignature { name, id } => format!("密钥 {name}+{id} 的签名与正文不符"),
            Self::NoKnownSignature { found } => format!("没有所给密钥的签名，只有 `{}` 的签名", found.join("`、`")),
            Self::Checkpoint(expected) => format!("不是检查点（应为：{}）", expected.zh),
        }
    }
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(expected) => write!(f, "not a signed note: expected {}", expected.en),
            Self::Key(expected) => write!(f, "not a log key: expected {}", expected.en),
            Self::KeyId { expected, found } => write!(f, "mistyped log key: expected the hash `{expected}` for its name and key, found `{found}`"),
            Self::WrongSignature { name, id } => write!(f, "the signature of key {name}+{id} does not fit the text"),
            Self::NoKnownSignature { found } => write!(f, "expected a signature of a key that was given, found only those of `{}`", found.join("`, `")),
            Self::Checkpoint(expected) => write!(f, "not a checkpoint: expected {}", expected.en),
        }
    }
}

impl std::error::Error for NoteError {}

/// The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key).
fn key_id(name: &str, key: &VerifyingKey) -> [u8; ID_BYTES] {
    let Digest([a, b, c, d, ..]) = Digest::of(&[name.as_bytes(), b"\n", &[ED25519], key.as_bytes()].concat());
    [a, b, c, d]
}

fn valid_name(name: &str) -> Result<&str, NoteError> {
    let fits = !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '+');
    if fits { Ok(name) } else { Err(NoteError::Key(Expected { zh: "名称不含空格和 `+`", en: "a name without spaces and `+`" })) }
}

fn valid_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Format(Expected { zh: "正文以换行结尾", en: "a text that ends in a newline" }));
    }
    if text.chars().any(|letter| letter < ' ' && letter != '\n') {
        return Err(NoteError::Format(Expected { zh: "正文不含控制字符", en: "a text without control characters" }));
    }
    Ok(())
}

fn key_parts(text: &str) -> Result<(&str, [u8; ID_BYTES], [u8; 32]), NoteError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Key(Expected { zh: "`名称+校验值+base64`", en: "`name+hash+base64`" }));
    };
    let mut id_bytes = [0; ID_BYTES];
    hex::decode_to_slice(id, &mut id_bytes)
        .map_err(|_| NoteError::Key(Expected { zh: "名称后为八位十六进制数", en: "eight hexadecimal digits after the name" }))?;
    let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key(Expected { zh: "校验值后为 base64", en: "base64 after the hash" }))?;
    let (kind, key) = bytes.split_first().ok_or(NoteError::Key(Expected { zh: "校验值后为 base64", en: "base64 after the hash" }))?;
    if *kind != ED25519 {
        return Err(NoteError::Key(Expected { zh: "类型 1（Ed25519）", en: "the type 1, Ed25519" }));
    }
    let key = key.try_into().map_err(|_| NoteError::Key(Expected { zh: "一个类型字节加 32 字节", en: "a type byte and 32 bytes" }))?;
    Ok((valid_name(name)?, id_bytes, key))
}

fn signature_line(line: &str) -> Result<SignatureLine, NoteError> {
    let expected = NoteError::Format(Expected { zh: "签名行形如 `— 名称 base64`", en: "signature lines of the form `— name base64`" });
    let (name, signature) = line.strip_prefix(SIGNATURE_PREFIX).and_then(|rest| rest.split_once(' ')).ok_or_else(|| expected.clone())?;
    let bytes = STANDARD.decode(signature).map_err(|_| expected.clone())?;
    let (id, signature) = bytes.split_first_chunk::<ID_BYTES>().ok_or_else(|| expected.clone())?;
    if signature.is_empty() {
        return Err(expected);
    }
    Ok(SignatureLine { name: valid_name(name).map_err(|_| expected)?.to_owned(), id: *id, signature: signature.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference implementation.
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn other(name: &str) -> LogSecret {
        LogSecret::new(name, &[3; 32]).unwrap()
    }

    #[test]
    fn the_reference_note_is_signed_byte_for_byte() {
        let secret = LogSecret::parse(SECRET).unwrap();
        assert_eq!(secret.secret_text(), SECRET);
        assert_eq!(secret.public().to_string(), PUBLIC);
        assert_eq!(Note::sign(TEXT, &secret).unwrap().to_string(), format!("{TEXT}\n{LINE}"));
    }

    #[test]
    fn a_note_is_believed_only_with_a_key_that_was_given() {
        let note = Note::parse(format!("{TEXT}\n{LINE}").as_bytes()).unwrap();
        let key: LogKey = PUBLIC.parse().unwrap();
        assert_eq!(note.verify(std::slice::from_ref(&key)), Ok((TEXT, vec!["PeterNeumann"])));
        assert!(matches!(note.verify(&[other("PeterNeumann").public()]), Err(NoteError::NoKnownSignature { .. })));
        let edited = Note::parse(format!("{TEXT}\n{LINE}").replacen("your problem,", "our problem,", 1).as_bytes()).unwrap();
        assert!(matches!(edited.verify(&[key]), Err(NoteError::WrongSignature { .. })));
    }

    #[test]
    fn an_unknown_signature_beside_a_known_one_is_ignored() {
        let mut note = Note::sign(TEXT, &other("witness.example")).unwrap();
        note.add(&LogSecret::parse(SECRET).unwrap());
        let note = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(note.verify(&[PUBLIC.parse().unwrap()]).unwrap().1, ["PeterNeumann"]);
        assert_eq!(note.verify(&[PUBLIC.parse().unwrap(), other("witness.example").public()]).unwrap().1.len(), 2);
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let good = format!("{TEXT}\n{LINE}");
        let cases = [
            String::new(),
            TEXT.to_owned(),
            format!("{TEXT}\n"),
            good.trim_end().to_owned(),
            good.replace('—', "-"),
            good.replace("x08go", "x08g"),
            good.replace("you think", "you\tthink"),
            good.replace("PeterNeumann ", "Peter+Neumann "),
            format!("{good}\n"),
            format!("{TEXT}\n{}", LINE.repeat(SIGNATURES_MAX + 1)),
        ];
        for text in cases {
            assert!(matches!(Note::parse(text.as_bytes()), Err(NoteError::Format(_))), "{text}");
        }
        assert!(Note::sign("no newline", &other("a")).is_err());
    }

    #[test]
    fn a_mistyped_key_is_refused_with_the_reason_and_without_the_secret() {
        let said = |text: &str| text.parse::<LogKey>().unwrap_err().to_string();
        assert_eq!(said("PeterNeumann"), "not a log key: expected `name+hash+base64`");
        assert_eq!(said(&PUBLIC.replace("Peter", "Pete")), "mistyped log key: expected the hash `bc8e43a7` for its name and key, found `c74f20a3`");
        assert_eq!(said(&PUBLIC.replace("ARpc", "Alpc")), "not a log key: expected the type 1, Ed25519");
        assert_eq!(said(SECRET), "not a log key: expected eight hexadecimal digits after the name");
        assert_eq!(LogSecret::parse(PUBLIC).unwrap_err().to_string(), "not a log key: expected a text that begins with `PRIVATE+KEY+`");
        assert!(LogSecret::new("two words", &[0; 32]).is_err());
        assert_eq!(format!("{:?}", LogSecret::parse(SECRET).unwrap()), "LogSecret(PeterNeumann)");
    }
}

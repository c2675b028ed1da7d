//! Checkpoints (C2SP tlog-checkpoint): the log's size and root at a moment, signed. Whoever keeps one elsewhere can later tell whether the log still begins that way.
//! Invariant: a checkpoint is believed only when the key named like its origin signed it.
//! Never: a moment from this machine; the sealer passes it in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;

use crate::audit::note::{Expected, LogKey, LogSecret, Note, NoteError};
use crate::audit::tree::Head;
use crate::ids::{Digest, Moment};

const MOMENT_PREFIX: &str = "at ";

/// A checkpoint's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Its size and root.
    pub head: Head,
    /// When it was sealed; an extension line, signed with the rest, so that an act logged later cannot be dated much earlier.
    pub at: Moment,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Head { size, root } = self.head;
        format!("{}\n{size}\n{}\n{MOMENT_PREFIX}{}\n", self.origin, STANDARD.encode(root.0), self.at.to_rfc3339())
    }

    /// Seals a log: the origin is the key's name.
    ///
    /// # Errors
    /// None for a key that was read or made here: its name fits a note.
    pub fn seal(head: Head, at: Moment, secret: &LogSecret) -> Result<Note, NoteError> {
        Note::sign(&Self { origin: secret.name().to_owned(), head, at }.text(), secret)
    }

    /// Reads a signed checkpoint and believes it only with one of `keys`.
    ///
    /// # Errors
    /// Not a note, not signed by a key that was given and is named like the origin, or not a checkpoint.
    pub fn open(note: &[u8], keys: &[LogKey]) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        let (text, names) = note.verify(keys)?;
        let checkpoint = Self::parse(text)?;
        if names.contains(&checkpoint.origin.as_str()) {
            Ok(checkpoint)
        } else {
            Err(NoteError::NoKnownSignature { found: names.into_iter().map(str::to_owned).collect() })
        }
    }

    /// Reads a checkpoint's text. Lines after the moment are for later versions and witnesses; they are signed, not read.
    ///
    /// # Errors
    /// Says which line is not that of a checkpoint.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.lines();
        let origin =
            lines.next().filter(|line| !line.is_empty()).ok_or(NoteError::Checkpoint(Expected { zh: "第 1 行为来源", en: "an origin in line 1" }))?;
        let size = lines.next().and_then(decimal).ok_or(NoteError::Checkpoint(Expected { zh: "第 2 行为规模", en: "a size in line 2" }))?;
        let root = lines
            .next()
            .and_then(digest)
            .ok_or(NoteError::Checkpoint(Expected { zh: "第 3 行为 32 字节的根（base64）", en: "a root of 32 bytes in base64 in line 3" }))?;
        let at = lines
            .next()
            .and_then(moment)
            .ok_or(NoteError::Checkpoint(Expected { zh: "第 4 行为 `at` 加 +08:00 时间", en: "`at` and a moment in +08:00 in line 4" }))?;
        if lines.any(str::is_empty) {
            return Err(NoteError::Checkpoint(Expected { zh: "没有空行", en: "no empty line" }));
        }
        Ok(Self { origin: origin.to_owned(), head: Head { size, root }, at })
    }
}

/// A number without sign and leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// A digest in base64.
pub(crate) fn digest(text: &str) -> Option<Digest> {
    STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).map(Digest)
}

fn moment(line: &str) -> Option<Moment> {
    let text = line.strip_prefix(MOMENT_PREFIX)?;
    let moment = Moment(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis());
    (moment.to_rfc3339() == text).then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> LogSecret {
        LogSecret::new("ezhou.example/greenlane", &[5; 32]).unwrap()
    }

    fn head() -> Head {
        Head { size: 42, root: Digest::of(b"root") }
    }

    #[test]
    fn a_sealed_checkpoint_is_text_for_people_and_opens_with_its_key() {
        let note = Checkpoint::seal(head(), Moment(1_740_963_600_000), &secret()).unwrap().to_string();
        assert!(note.starts_with(
            "ezhou.example/greenlane\n42\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\nat 2025-03-03T09:00:00.000+08:00\n\n— ezhou.example/greenlane "
        ));
        let opened = Checkpoint::open(note.as_bytes(), &[secret().public()]).unwrap();
        assert_eq!(opened, Checkpoint { origin: "ezhou.example/greenlane".to_owned(), head: head(), at: Moment(1_740_963_600_000) });
    }

    #[test]
    fn a_checkpoint_of_another_log_signed_by_this_key_is_not_believed() {
        let foreign = Checkpoint { origin: "wuhan.example/greenlane".to_owned(), head: head(), at: Moment(0) };
        let note = Note::sign(&foreign.text(), &secret()).unwrap().to_string();
        assert!(matches!(Checkpoint::open(note.as_bytes(), &[secret().public()]), Err(NoteError::NoKnownSignature { .. })));
    }

    #[test]
    fn lines_of_later_versions_are_passed_over() {
        let text = format!("{}later one\nlater two\n", Checkpoint { origin: "a".to_owned(), head: head(), at: Moment(1) }.text());
        assert_eq!(Checkpoint::parse(&text).unwrap().at, Moment(1));
    }

    #[test]
    fn what_is_no_checkpoint_is_refused_with_the_line() {
        let good = Checkpoint { origin: "a".to_owned(), head: head(), at: Moment(1) }.text();
        for (from, to, line) in [
            ("a\n", "\n", "line 1"),
            ("42", "042", "line 2"),
            ("42", "-1", "line 2"),
            ("SBNJ", "SBN", "line 3"),
            ("at ", "", "line 4"),
            ("+08:00", "Z", "line 4"),
        ] {
            let text = good.replacen(from, to, 1);
            assert!(Checkpoint::parse(&text).unwrap_err().to_string().contains(line), "{text}");
        }
    }
}

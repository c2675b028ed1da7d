//! Writes what would be sent as files: a mail as one a mail program opens, a short message as plain text.
//! Invariant: a message lies in the folder whole or not at all, and once, however often it is sent. Never: a half-written file under its final name.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::message::{Transfer, compose};
use super::{Receipt, Rendered, SendError, ShortMessage};
use crate::ids::Moment;

/// A folder of `.eml` or `.txt` files, named by time and key.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A channel into `path`; the folder is made with the first message.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the files lie.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn send(&self, message: &Rendered) -> Result<Receipt, SendError> {
        let bytes = compose(message, Transfer::File)?.bytes;
        self.write(NamedFile::of_mail(message), bytes).await
    }

    pub(super) async fn send_short(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        let ShortMessage { id, to, text, template, values: _, signature: _, date: _ } = message;
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) || id.is_empty() {
            return Err(SendError::Permanent("expected a key of letters and digits, found another".to_owned()));
        }
        let line = |text: &str| text.replace(char::is_control, " ");
        let file = format!("To: {}\nTemplate: {}\n\n{}\n", line(to), line(template), line(text));
        self.write(NamedFile::of_short(message), file.into_bytes()).await
    }

    async fn write(&self, file: NamedFile, bytes: Vec<u8>) -> Result<Receipt, SendError> {
        let folder = self.path.clone();
        let written = tokio::task::spawn_blocking(move || file.write(&folder, &bytes)).await;
        match written {
            Ok(Ok(detail)) => Ok(Receipt::said(detail)),
            // A full disk or a missing right is mended by people; the notice waits.
            Ok(Err(error)) => Err(SendError::Temporary(format!("cannot write into the folder: {error}"))),
            Err(error) => Err(SendError::Temporary(format!("the writing task ended: {error}"))),
        }
    }
}

/// A file of the folder: `20250421-100000-KEY.eml`, the civil time in China, then the key.
struct NamedFile {
    time: String,
    /// `-KEY.eml`, the part that tells messages apart.
    ending: String,
}

impl NamedFile {
    /// `compose` has found the Message-ID plain, so the name has no separator in it.
    fn of_mail(message: &Rendered) -> Self {
        let key = message.message_id.trim_start_matches('<').split('@').next().unwrap_or_default();
        Self { time: time(message.date), ending: format!("-{key}.eml") }
    }

    fn of_short(message: &ShortMessage) -> Self {
        Self { time: time(message.date), ending: format!("-{}.txt", message.id) }
    }

    fn write(&self, folder: &Path, bytes: &[u8]) -> std::io::Result<String> {
        std::fs::create_dir_all(folder)?;
        if let Some(name) = self.earlier(folder)? {
            return Ok(format!("{name} was there already"));
        }
        let name = format!("{}{}", self.time, self.ending);
        // One name per process and message: two nodes never write into one temporary file.
        let temporary = folder.join(format!(".{name}.{}", std::process::id()));
        let mut file = File::create(&temporary)?;
        let done = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&temporary, folder.join(&name)));
        if let Err(error) = done {
            return Err(match std::fs::remove_file(&temporary) {
                Err(left) if left.kind() != ErrorKind::NotFound => std::io::Error::other(format!("{error}; and a temporary file is left: {left}")),
                Ok(()) | Err(_) => error,
            });
        }
        File::open(folder)?.sync_all()?;
        Ok(name)
    }

    /// The file of an earlier attempt, whatever its time. The folder is read each time: another process may have written.
    fn earlier(&self, folder: &Path) -> std::io::Result<Option<String>> {
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && name.ends_with(&self.ending) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

fn time(date: Moment) -> String {
    date.civil().format("%Y%m%d-%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Rendered {
        Rendered {
            message_id: "<0a1b@greenlane.example.invalid>".into(),
            from: "noreply@greenlane.example.invalid".into(),
            to: "officer@example.invalid".into(),
            subject: "[绿色通道] 临期提醒".into(),
            text: "一件\n".into(),
            date: Moment(1_745_200_800_000),
            unsubscribe: None,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_message_sent_twice_lies_there_once_and_can_be_read() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("mail"));
        assert_eq!(folder.send(&message()).await.unwrap().detail, "20250421-100000-0a1b.eml");
        assert_eq!(folder.send(&message()).await.unwrap().detail, "20250421-100000-0a1b.eml was there already");
        let later = Rendered { date: Moment(message().date.0 + 60_000), ..message() };
        assert_eq!(folder.send(&later).await.unwrap().detail, "20250421-100000-0a1b.eml was there already");
        let other = Rendered { message_id: "<00a1b@greenlane.example.invalid>".into(), ..message() };
        folder.send(&other).await.unwrap();
        assert_eq!(names(folder.path()), ["20250421-100000-00a1b.eml", "20250421-100000-0a1b.eml"]);
        let text = std::fs::read_to_string(folder.path().join("20250421-100000-0a1b.eml")).unwrap();
        assert!(text.contains("\r\n\r\n一件\r\n"), "{text}");
    }

    #[tokio::test]
    async fn a_short_message_sent_twice_lies_there_once_and_a_name_cannot_leave_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("sms"));
        let message = ShortMessage {
            id: "0a1b".into(),
            to: "+99900000001".into(),
            text: "【鄂州政务】办件GC20250001已受理。".into(),
            values: Vec::new(),
            template: "T1".into(),
            signature: "鄂州政务".into(),
            date: Moment(1_745_200_800_000),
        };
        assert_eq!(folder.send_short(&message).await.unwrap().detail, "20250421-100000-0a1b.txt");
        assert_eq!(folder.send_short(&message).await.unwrap().detail, "20250421-100000-0a1b.txt was there already");
        let text = std::fs::read_to_string(folder.path().join("20250421-100000-0a1b.txt")).unwrap();
        assert_eq!(text, "To: +99900000001\nTemplate: T1\n\n【鄂州政务】办件GC20250001已受理。\n");
        let outside = ShortMessage { id: "../x".into(), ..message };
        assert!(matches!(folder.send_short(&outside).await, Err(SendError::Permanent(_))));
        assert_eq!(names(folder.path()).len(), 1);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_a_reason_to_try_later() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("mail"), "a file stands here").unwrap();
        let sent = Folder::new(place.path().join("mail")).send(&message()).await;
        assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    }
}

//! Writes what would be sent as files a mail program opens.
//! Invariant: a message lies in the folder whole or not at all, and once, however often it is sent. Never: a half-written file under its final name.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::message::{Transfer, compose};
use super::{Receipt, Rendered, SendError};

/// A folder of `.eml` files, named by time and key.
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
        let file = EmlFile::of(message);
        let folder = self.path.clone();
        let written = tokio::task::spawn_blocking(move || file.write(&folder, &bytes)).await;
        match written {
            Ok(Ok(detail)) => Ok(Receipt { detail }),
            // A full disk or a missing right is mended by people; the notice waits.
            Ok(Err(error)) => Err(SendError::Temporary(format!("cannot write into the folder: {error}"))),
            Err(error) => Err(SendError::Temporary(format!("the writing task ended: {error}"))),
        }
    }
}

/// A file of the folder: `20250421-100000-KEY.eml`, the civil time in China, then what stands before the `@` of the Message-ID.
struct EmlFile {
    time: String,
    /// `-KEY.eml`, the part that tells messages apart.
    ending: String,
}

impl EmlFile {
    /// `compose` has found the Message-ID plain, so the name has no separator in it.
    fn of(message: &Rendered) -> Self {
        let key = message.message_id.trim_start_matches('<').split('@').next().unwrap_or_default();
        Self { time: message.date.civil().format("%Y%m%d-%H%M%S").to_string(), ending: format!("-{key}.eml") }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Moment;

    fn message() -> Rendered {
        Rendered {
            message_id: "<0a1b@greenlane.example.invalid>".into(),
            from: "noreply@greenlane.example.invalid".into(),
            to: "officer@example.invalid".into(),
            subject: "[绿色通道] 临期提醒".into(),
            text: "一件\n".into(),
            date: Moment(1_745_200_800_000),
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
    async fn a_folder_that_cannot_be_written_is_a_reason_to_try_later() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("mail"), "a file stands here").unwrap();
        let sent = Folder::new(place.path().join("mail")).send(&message()).await;
        assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    }
}

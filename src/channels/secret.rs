//! A secret, read once at start from the file or the variable that the configuration names.
//! Invariant: it shows in no debug print and in no error. Never: an empty one, or one with a line break.

use std::fmt;
use std::path::Path;

use crate::config::SecretFrom;

/// What nobody but the two sides may know.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Reads it; a file is looked for from `home`.
    ///
    /// # Errors
    /// What was expected and found, naming the place and never the secret.
    pub fn read(from: &SecretFrom, home: &Path) -> Result<Self, String> {
        let (place, found) = match from {
            SecretFrom::File(file) => {
                let path = home.join(file);
                (path.display().to_string(), std::fs::read_to_string(&path).map_err(|error| error.to_string()))
            }
            SecretFrom::Env(name) => (format!("${name}"), std::env::var(name).map_err(|error| error.to_string())),
        };
        let text = found.map_err(|error| format!("expected `{place}` to be readable, found: {error}"))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() || text.contains(char::is_control) {
            return Err(format!("expected a secret of one line in `{place}`, found none"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_of_a_file_and_never_shows() {
        let home = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            std::fs::write(home.path().join("key"), text).unwrap();
            Secret::read(&SecretFrom::File("key".into()), home.path())
        };
        let secret = read("s3cret\r\n").unwrap();
        assert_eq!((secret.expose(), format!("{secret:?}")), ("s3cret", "Secret(…)".to_owned()));
        for wrong in ["", "\n", "s3cret\nmore"] {
            let said = read(wrong).unwrap_err();
            assert!(said.contains("expected a secret of one line") && !said.contains("s3cret"), "{said}");
        }
        assert!(Secret::read(&SecretFrom::File("absent".into()), home.path()).is_err());
        assert!(Secret::read(&SecretFrom::Env("GREENLANE_NO_SUCH_VARIABLE".into()), home.path()).is_err());
    }
}

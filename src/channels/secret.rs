//! Reads a secret, once at start, from the file or the variable that the configuration names.
//! Invariant: no error says it. Never: an empty one, or one with a line break.

use std::path::Path;

use crate::config::SecretFrom;
use crate::secret::Secret;

/// Reads it; a file is looked for from `home`.
///
/// # Errors
/// What was expected and found, naming the place and never the secret.
pub fn read(from: &SecretFrom, home: &Path) -> Result<Secret, String> {
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
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_of_a_file_and_never_shows() {
        let home = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            std::fs::write(home.path().join("key"), text).unwrap();
            super::read(&SecretFrom::File("key".into()), home.path())
        };
        let secret = read("s3cret\r\n").unwrap();
        assert_eq!((secret.expose().as_str(), format!("{secret:?}")), ("s3cret", "Secret(…)".to_owned()));
        for wrong in ["", "\n", "s3cret\nmore"] {
            let said = read(wrong).unwrap_err();
            assert!(said.contains("expected a secret of one line") && !said.contains("s3cret"), "{said}");
        }
        assert!(super::read(&SecretFrom::File("absent".into()), home.path()).is_err());
        assert!(super::read(&SecretFrom::Env("GREENLANE_NO_SUCH_VARIABLE".into()), home.path()).is_err());
    }
}

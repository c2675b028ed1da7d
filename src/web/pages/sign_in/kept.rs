//! A form that was posted after its session had ended: it waits inside the sign-in page, travels with it, and is sent by a click.
//! Invariant: every field comes back as it was, in its order, the command's id among them. Never: a password, or a file.

use serde::Serialize;

/// What marks text that is a form that waits.
const MARK: &str = "form:";

/// The fields of a form that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(Vec<(String, String)>);

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether somebody may have typed or chosen it: ids and switches are sent but not shown.
    pub shown: bool,
}

impl Kept {
    /// The fields of a posted form; `None` when nothing of it may wait, because all of it is secret.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let posted: Vec<(String, String)> = serde_html_form::from_bytes(body).ok()?;
        let (secret, open): (Vec<_>, Vec<_>) = posted.into_iter().partition(|(name, _)| name.to_ascii_lowercase().contains("password"));
        (secret.is_empty() || !open.is_empty()).then_some(Self(open))
    }

    /// As it stands in the sign-in page.
    #[must_use]
    pub fn write(&self) -> String {
        // Pairs of texts always serialise.
        format!("{MARK}{}", serde_html_form::to_string(&self.0).unwrap_or_default())
    }

    /// As it comes back from there; `None` when nothing waited.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.strip_prefix(MARK)?.as_bytes())
    }

    /// Its fields.
    #[must_use]
    pub fn pairs(self) -> Vec<Pair> {
        let shown = |name: &str, value: &str| !["command", "version"].contains(&name) && !value.trim().is_empty();
        self.0.into_iter().map(|(name, value)| Pair { shown: shown(&name, &value), name, value }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_their_order_and_passwords_do_not() {
        let kept = Kept::read("command=6f1c&opinion=%E5%90%8C%E6%84%8F%26%0D%0A&use=a&use=b&password=x&new_password=y&empty=".as_bytes()).unwrap();
        let back = Kept::parse(&kept.write()).unwrap();
        assert_eq!(back, kept);
        let pairs: Vec<(String, String, bool)> = back.pairs().into_iter().map(|pair| (pair.name, pair.value, pair.shown)).collect();
        let expected = [("command", "6f1c", false), ("opinion", "同意&\r\n", true), ("use", "a", true), ("use", "b", true), ("empty", "", false)];
        assert_eq!(pairs, expected.map(|(name, value, shown)| (name.to_owned(), value.to_owned(), shown)));
    }

    #[test]
    fn a_form_without_fields_waits_too_and_nothing_is_no_form() {
        let empty = Kept::read(b"").unwrap();
        assert_eq!(Kept::parse(&empty.write()), Some(empty));
        assert_eq!((Kept::parse(""), Kept::parse("a=b")), (None, None));
        assert_eq!(Kept::read(b"password_old=x&password=y"), None, "a password is typed again; a form without it would be refused");
    }
}

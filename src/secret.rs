//! What nobody but the two sides may know, held so that it shows in no debug print.
//! Invariant: whoever wants to see it says `expose`. Never: a `Display`, a serialisation, a comparison by its letters in an error.

use std::fmt;

/// A secret: a text, or the bytes of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T = String>(T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T> Secret<T> {
    /// Holds it.
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The secret itself, to be handed on.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_in_no_debug_print() {
        #[derive(Debug)]
        struct Holder {
            text: Secret,
            keys: Vec<Secret<Vec<u8>>>,
        }
        let holder = Holder { text: Secret::new("s3cret".to_owned()), keys: vec![Secret::new(vec![201, 202])] };
        assert_eq!((holder.text.expose().as_str(), holder.keys[0].expose()), ("s3cret", &vec![201, 202]));
        for said in [format!("{holder:?}"), format!("{holder:#?}")] {
            assert!(said.contains("Secret(…)") && !said.contains("s3cret") && !said.contains("201"), "{said}");
        }
    }
}

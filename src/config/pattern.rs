//! A request with places for its values: `{"to": "{phone}", "text": "{text}"}`. Values are escaped for what the body is, so that none of them can become a part of the request.
//! Invariant: a pattern that passed its trial gives a well-formed body for every value. Never: a placeholder filled with what was itself read from a value.

/// A place for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The recipient's number.
    Phone,
    /// The whole text, signature included.
    Text,
    /// The notice's key, the same at every attempt: a gateway that knows it drops a double.
    Id,
    /// The number the gateway gave the text when it approved it.
    Template,
    /// Who signs, without 【】.
    Signature,
    /// The secret.
    Secret,
}

impl Slot {
    const ALL: [Self; 6] = [Self::Phone, Self::Text, Self::Id, Self::Template, Self::Signature, Self::Secret];

    /// The word between the braces.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Text => "text",
            Self::Id => "id",
            Self::Template => "template",
            Self::Signature => "signature",
            Self::Secret => "secret",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Written(String),
    Slot(Slot),
}

/// A text with places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a text; a word of small letters between braces is a placeholder, any other brace is itself.
    ///
    /// # Errors
    /// Every placeholder that is not among `allowed`, with the byte it stands at.
    pub fn read(text: &str, allowed: &[Slot]) -> Result<Self, Vec<(usize, String)>> {
        let (mut pieces, mut unknown, mut written) = (Vec::new(), Vec::new(), String::new());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            written.push_str(before);
            let word = from[1..].split_once('}').map(|(word, _)| word).filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
            let Some(word) = word else {
                written.push('{');
                rest = &from[1..];
                continue;
            };
            match Slot::ALL.iter().find(|slot| slot.word() == word && allowed.contains(slot)) {
                Some(slot) => pieces.extend([Piece::Written(std::mem::take(&mut written)), Piece::Slot(*slot)]),
                None => unknown.push((text.len() - from.len(), word.to_owned())),
            }
            rest = &from[word.len() + 2..];
        }
        written.push_str(rest);
        pieces.push(Piece::Written(written));
        if unknown.is_empty() { Ok(Self { pieces }) } else { Err(unknown) }
    }

    /// Whether the value has a place.
    #[must_use]
    pub fn has(&self, slot: Slot) -> bool {
        self.pieces.contains(&Piece::Slot(slot))
    }

    /// The text with every place filled.
    #[must_use]
    pub fn fill(&self, value: impl Fn(Slot) -> String) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Written(text) => text.clone(),
            Piece::Slot(slot) => value(*slot),
        };
        self.pieces.iter().map(text).collect()
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// The values a trial found, by name.
#[derive(Debug)]
pub struct Values(Vec<(String, String)>);

/// What stands for a value in a trial: whatever is special in either format.
const HOSTILE: &str = "\"\\{}&=+% \u{1}\n】";

impl Format {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    /// A value as it stands inside the body.
    #[must_use]
    pub fn escape(self, value: &str) -> String {
        match self {
            // The quotes are the pattern's own.
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Form => value.bytes().fold(String::new(), |text, byte| text + &form_byte(byte)),
        }
    }

    /// Fills the pattern with values full of special letters and reads the outcome back; `None` when it is not well-formed or a value came out changed.
    #[must_use]
    pub fn trial(self, pattern: &Pattern) -> Option<Values> {
        let sample = |slot: Slot| format!("{}{HOSTILE}{}", slot.word(), slot.word());
        let filled = pattern.fill(|slot| self.escape(&sample(slot)));
        let mut values = Vec::new();
        match self {
            Self::Json => leaves("", &serde_json::from_str(&filled).ok()?, &mut values),
            Self::Form => values = form_pairs(&filled)?,
        }
        let arrives = |slot: &Slot| !pattern.has(*slot) || values.iter().any(|(_, value)| value.contains(&sample(*slot)));
        Slot::ALL.iter().all(arrives).then_some(Values(values))
    }
}

impl Values {
    /// Names that sound like a secret's and whose value is written in the file.
    #[must_use]
    pub fn secrets_written(&self) -> Vec<&str> {
        let sounds = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key"].iter().any(|word| name.contains(word))
        };
        self.0.iter().filter(|(name, value)| sounds(name) && !value.contains(HOSTILE)).map(|(name, _)| name.as_str()).collect()
    }
}

/// Every text and number of a JSON value under the name it stands under.
fn leaves(name: &str, value: &serde_json::Value, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(name, value, found)),
        serde_json::Value::Array(items) => items.iter().for_each(|value| leaves(name, value, found)),
        serde_json::Value::String(text) => found.push((name.to_owned(), text.clone())),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => found.push((name.to_owned(), value.to_string())),
    }
}

fn form_byte(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    }
}

/// The pairs of a form; `None` where a letter stands that had to be encoded.
fn form_pairs(text: &str) -> Option<Vec<(String, String)>> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>#{}".contains(&byte);
    if !text.bytes().all(plain) || text.split('&').any(|pair| !pair.contains('=')) {
        return None;
    }
    serde_html_form::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Slot; 6] = Slot::ALL;

    fn filled(format: Format, text: &str, value: &str) -> String {
        Pattern::read(text, &ALL).expect("a pattern").fill(|_| format.escape(value))
    }

    #[test]
    fn a_value_cannot_become_a_part_of_the_request() {
        assert_eq!(filled(Format::Json, r#"{"t":"{text}"}"#, "a\"},{\"x\":\"\n"), r#"{"t":"a\"},{\"x\":\"\n"}"#);
        assert_eq!(filled(Format::Form, "t={text}", "a&x=1 +%"), "t=a%26x%3D1+%2B%25");
        assert_eq!(filled(Format::Form, "t={text}", "签"), "t=%E7%AD%BE");
        assert_eq!(filled(Format::Json, "{text}", "{phone}"), "{phone}", "what a value holds is no placeholder");
    }

    #[test]
    fn braces_that_name_nothing_are_themselves_and_unknown_words_are_told_with_their_place() {
        let pattern = Pattern::read(r#"{"a":{"b":"{id}"}}"#, &ALL).expect("a pattern");
        assert_eq!(pattern.fill(|_| "k".to_owned()), r#"{"a":{"b":"k"}}"#);
        assert_eq!(Pattern::read("{id} {phon} {secret}", &[Slot::Id]), Err(vec![(5, "phon".to_owned()), (12, "secret".to_owned())]));
    }

    #[test]
    fn a_body_that_would_break_on_some_value_fails_its_trial() {
        let trial = |format: Format, text: &str| format.trial(&Pattern::read(text, &ALL).expect("a pattern")).is_some();
        assert!(trial(Format::Json, r#"{"to":["{phone}"],"text":"【x】{text}","n":1}"#));
        assert!(!trial(Format::Json, r#"{"to":{phone}}"#), "outside quotes");
        assert!(!trial(Format::Json, r#"{"to":"{phone}""#), "no JSON");
        assert!(!trial(Format::Json, r#"{"to":"{phone}","to":"x"}"#), "the later one wins and the value is lost");
        assert!(trial(Format::Form, "to={phone}&text={text}&v=1"));
        assert!(!trial(Format::Form, "to={phone}\n&text={text}"));
        assert!(!trial(Format::Form, "{phone}"));
    }

    #[test]
    fn a_secret_written_into_a_body_is_noticed() {
        let written = |format: Format, text: &str| {
            let values = format.trial(&Pattern::read(text, &ALL).expect("a pattern")).expect("sound");
            values.secrets_written().into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(written(Format::Json, r#"{"user":"u","Password":"hunter2","a":[{"token":7}]}"#), ["Password", "token"]);
        assert_eq!(written(Format::Form, "pwd={secret}&apikey=abc"), ["apikey"]);
    }
}

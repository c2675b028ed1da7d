//! How many parts a short message costs: by the alphabet it needs (3GPP TS 23.038) and its length.
//! Invariant: what is counted is what a handset is sent: a message in several parts has less room in each. Never: a guess at what one carrier bills.

use serde::Serialize;

use crate::limits::{SMS_CHARS_MAX, SMS_EN_CHARS_MAX, SMS_EN_PART_CHARS_MAX, SMS_PART_CHARS_MAX};

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Segments {
    /// Letters of sixteen bits (UCS-2), or of seven where the plain alphabet is enough.
    pub wide: bool,
    /// The letters it takes.
    pub letters: usize,
    /// The parts.
    pub parts: usize,
}

/// The letters of the plain alphabet beside the ASCII ones.
const PLAIN: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// Letters that take two places in it.
const DOUBLE: &str = "^{}\\[~]|€";

/// Counts a text.
#[must_use]
pub fn segments(text: &str) -> Segments {
    let plain = text.chars().map(places).sum::<Option<usize>>();
    let (wide, letters, alone, each) = match plain {
        Some(letters) => (false, letters, SMS_EN_CHARS_MAX, SMS_EN_PART_CHARS_MAX),
        None => (true, text.encode_utf16().count(), SMS_CHARS_MAX, SMS_PART_CHARS_MAX),
    };
    Segments { wide, letters, parts: if letters <= alone { 1 } else { letters.div_ceil(each) } }
}

/// The places a letter takes in the plain alphabet, if it is there.
fn places(letter: char) -> Option<usize> {
    match letter {
        _ if DOUBLE.contains(letter) => Some(2),
        '`' => None,
        ' '..='~' => Some(1),
        _ => PLAIN.contains(letter).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> (bool, usize, usize) {
        let Segments { wide, letters, parts } = segments(text);
        (wide, letters, parts)
    }

    #[test]
    fn one_part_holds_70_letters_and_several_67_each() {
        assert_eq!(counted(&"办".repeat(70)), (true, 70, 1));
        assert_eq!(counted(&"办".repeat(71)), (true, 71, 2));
        assert_eq!(counted(&"办".repeat(134)), (true, 134, 2));
        assert_eq!(counted(&"办".repeat(135)), (true, 135, 3));
        assert_eq!(counted("办𠮷"), (true, 3, 1), "a letter outside the basic plane takes two");
    }

    #[test]
    fn the_plain_alphabet_has_160_and_153_and_one_other_letter_ends_it() {
        assert_eq!(counted(&"a".repeat(160)), (false, 160, 1));
        assert_eq!(counted(&"a".repeat(161)), (false, 161, 2));
        assert_eq!(counted("[5 €]"), (false, 8, 1));
        assert_eq!(counted(&format!("{}`", "a".repeat(70))), (true, 71, 2));
        assert_eq!(counted(""), (false, 0, 1));
    }
}

//! A text as SMPP carries it: plain letters one octet each, anything else in UCS-2, long ones in parts that the telephone puts together, or as one payload.
//! Invariant: the parts of a text are the same at every attempt, and no letter is cut in two. Never: a text shortened.

use sha2::{Digest, Sha256};

use crate::config::LongText;
use crate::limits::{SMS_CHARS_MAX, SMS_EN_CHARS_MAX, SMS_EN_PART_CHARS_MAX, SMS_PART_CHARS_MAX};

/// How the octets are to be read (`data_coding`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// The message centre's default alphabet; only letters that every such alphabet has in the place of ASCII.
    Plain,
    /// UCS-2, big-endian.
    Ucs2,
}

/// One `submit_sm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole text in `short_message`.
    Whole(Vec<u8>),
    /// A part in `short_message`, its user data header in front.
    WithHeader(Vec<u8>),
    /// The whole text in the `message_payload` parameter.
    Payload(Vec<u8>),
}

/// A text in the shape it leaves in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// How its octets are read.
    pub coding: Coding,
    /// What is submitted, in order.
    pub parts: Vec<Part>,
    /// The same for every attempt of one message: the reference of its parts, and `user_message_reference`.
    pub reference: u16,
}

/// Writes out `text`, the message of that id.
#[must_use]
pub fn write(id: &str, text: &str, long: LongText) -> Written {
    let digest = Sha256::digest(id.as_bytes());
    let reference = u16::from_be_bytes([digest[0], digest[1]]);
    let (coding, unit, most, most_in_part) = if text.chars().all(is_plain) {
        (Coding::Plain, 1, SMS_EN_CHARS_MAX, SMS_EN_PART_CHARS_MAX)
    } else {
        (Coding::Ucs2, 2, SMS_CHARS_MAX, SMS_PART_CHARS_MAX)
    };
    let octets: Vec<u8> = match coding {
        Coding::Plain => text.bytes().collect(),
        Coding::Ucs2 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    };
    let parts = if octets.len() <= most * unit {
        vec![Part::Whole(octets)]
    } else {
        match long {
            LongText::Payload => vec![Part::Payload(octets)],
            LongText::Parts => in_parts(&octets, coding, most_in_part * unit, reference),
        }
    };
    Written { coding, parts, reference }
}

/// Parts with the header of 3GPP TS 23.040, 9.2.3.24.1: concatenated short messages with a reference of eight bits.
fn in_parts(octets: &[u8], coding: Coding, most: usize, reference: u16) -> Vec<Part> {
    let mut rest = octets;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest, coding, most));
        pieces.push(piece);
        rest = after;
    }
    // A notice of more parts than a byte counts does not pass its own check of length.
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    let header = |number: u8| [5, 0, 3, reference.to_be_bytes()[1], total, number];
    (1..=total).zip(pieces).map(|(number, piece)| Part::WithHeader([&header(number), piece].concat())).collect()
}

/// Where to cut: a letter of two units stays whole.
fn cut(octets: &[u8], coding: Coding, most: usize) -> usize {
    const HIGH_HALF: std::ops::RangeInclusive<u8> = 0xD8..=0xDB;
    if octets.len() <= most {
        return octets.len();
    }
    let cuts_a_letter = coding == Coding::Ucs2 && HIGH_HALF.contains(&octets[most - 2]);
    if cuts_a_letter { most - 2 } else { most }
}

/// Letters that lie where ASCII has them in the GSM alphabet as well (3GPP TS 23.038, 6.2.1).
const fn is_plain(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='#' | '%'..='?' | 'A'..='Z' | 'a'..='z')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(part: &Part) -> usize {
        match part {
            Part::Whole(octets) | Part::Payload(octets) => octets.len() / 2,
            Part::WithHeader(octets) => (octets.len() - 6) / 2,
        }
    }

    #[test]
    fn a_text_is_one_message_as_long_as_it_fits_and_parts_or_a_payload_beyond() {
        let long = "绿".repeat(SMS_CHARS_MAX + 1);
        assert_eq!(write("k", &long[3..], LongText::Parts).parts, [Part::Whole([0x7E, 0xFF].repeat(SMS_CHARS_MAX))]);
        let parts = write("k", &long, LongText::Parts).parts;
        assert_eq!(parts.iter().map(units).collect::<Vec<_>>(), [SMS_PART_CHARS_MAX, SMS_CHARS_MAX + 1 - SMS_PART_CHARS_MAX]);
        assert!(matches!(&write("k", &long, LongText::Payload).parts[..], [Part::Payload(octets)] if octets.len() == 142));
        assert_eq!(write("k", &"x".repeat(161), LongText::Parts).parts.len(), 2);
        assert_eq!(write("k", "No. 7: 50%", LongText::Parts).coding, Coding::Plain);
        for other in ["a@b", "$5", "a_b", "[x]", "é"] {
            assert_eq!(write("k", other, LongText::Parts).coding, Coding::Ucs2, "{other}");
        }
    }

    #[test]
    fn a_letter_of_two_units_is_never_cut() {
        let text = format!("{}𠮷{}", "绿".repeat(SMS_PART_CHARS_MAX - 1), "色".repeat(10));
        let parts = write("k", &text, LongText::Parts).parts;
        assert_eq!(parts.iter().map(units).collect::<Vec<_>>(), [SMS_PART_CHARS_MAX - 1, 12]);
    }

    #[test]
    fn the_reference_follows_from_the_id_alone() {
        let long = "绿".repeat(200);
        assert_eq!(write("k", &long, LongText::Parts), write("k", &long, LongText::Parts));
        assert_ne!(write("k", &long, LongText::Parts).reference, write("l", &long, LongText::Parts).reference);
    }
}

//! What counts as a number that short messages can be sent to.
//! Invariant: a number that passes is digits with at most a `+` before them, so it can stand in a request or a file's text as it is. Never: a guess at a missing country code.

/// The country code +999 is kept in reserve by the International Telecommunication Union: a number that begins with it reaches nobody.
pub const NOBODYS_CODE: &str = "+999";

/// Whether a short message can be sent there: a mobile number of the mainland (eleven digits, the second from 3 to 9), or `+`, the country's code and the number (E.164).
#[must_use]
pub fn is_phone(text: &str) -> bool {
    const MAINLAND_DIGITS: usize = 11;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_prefix('+') {
        Some(number) => digits(number) && (8..=15).contains(&number.len()) && !number.starts_with('0'),
        None => {
            digits(text) && text.len() == MAINLAND_DIGITS && text.starts_with('1') && text.as_bytes().get(1).is_some_and(|digit| (b'3'..=b'9').contains(digit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_numbers_pass_and_nothing_else_does() {
        for number in ["13000000000", "19999999999", "+99900000001", "+8613000000000"] {
            assert!(is_phone(number), "{number}");
        }
        for text in [
            "",
            "12000000000",
            "1300000000",
            "130000000000",
            "+0123456789",
            "+1234567",
            "0086130000000",
            "130 0000 0000",
            "+86-130",
            "１３０００００００００",
            "13000000000\r",
        ] {
            assert!(!is_phone(text), "{text}");
        }
    }
}

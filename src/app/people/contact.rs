//! A person's name and how to reach them, as an operator writes it down.
//! Invariant: every mistake is named at once, with its field.

use serde::{Deserialize, Serialize};

use crate::engine::refusal::Detail;
use crate::identity::Person;
use crate::identity::phone::is_phone;
use crate::limits::{EMAIL_CHARS_MAX, LOGIN_CHARS, PERSON_NAME_CHARS_MAX};
use crate::notice::Language;

/// Name, addresses, language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name shown.
    pub name: String,
    /// The mail address; empty for none.
    pub email: String,
    /// The mobile number; empty for none.
    pub phone: String,
    /// `zh-CN` or `en`.
    pub language: String,
}

impl Contact {
    /// What is wrong with it.
    pub(super) fn mistakes(&self, needs_email: bool) -> Vec<Detail> {
        let mut details = Vec::new();
        let mut say = |path: &str, zh: &str, en: &str| details.push(Detail::new(path, "wrong_value", zh, en));
        let (name, email, phone) = (self.name.trim(), self.email.trim(), phone_of(&self.phone));
        if name.is_empty() || name.chars().count() > PERSON_NAME_CHARS_MAX || name.contains(char::is_control) {
            say("name", "请填写姓名，最多 40 个字", "expected a name of at most 40 characters");
        }
        if email.is_empty() && needs_email {
            say("email", "发送邀请需要邮箱", "expected a mail address: the invitation goes there");
        }
        if !email.is_empty() && !is_email(email) {
            say("email", "邮箱格式不正确，应如 name@example.gov.cn", "expected a mail address such as name@example.gov.cn");
        }
        if !phone.is_empty() && !is_phone(&phone) {
            say(
                "phone",
                "手机号应为 11 位数字，或以 + 和国家码开头",
                "expected a mobile number of eleven digits, or one that begins with + and a country code",
            );
        }
        details
    }

    /// The person with this name and these addresses.
    pub(super) fn applied(&self, person: Person) -> Person {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Person {
            name: self.name.trim().to_owned(),
            email: filled(&self.email),
            phone: filled(&phone_of(&self.phone)),
            language: Language::of(&self.language).tag().to_owned(),
            ..person
        }
    }
}

/// A number as it is often written: with blanks, dashes, +86.
fn phone_of(typed: &str) -> String {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    digits.strip_prefix("+86").map(str::to_owned).unwrap_or(digits)
}

/// One name, one host with a dot, nothing that could end a header or begin another address.
fn is_email(text: &str) -> bool {
    let plain = |part: &str, more: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter));
    let Some((name, host)) = text.split_once('@') else { return false };
    let dotted = host.contains('.') && host.split('.').all(|label| plain(label, "-"));
    text.len() <= EMAIL_CHARS_MAX && plain(name, ".!#$%&'*+/=?^_`{|}~-") && dotted
}

/// Whether a login can be given: small letters and digits, so that it can be told by telephone.
///
/// # Errors
/// What is wrong with it.
pub fn login_of(login: &str) -> Result<(), Detail> {
    let letters = login.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-_".contains(letter));
    let begins = login.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    if letters && begins && LOGIN_CHARS.contains(&login.len()) {
        return Ok(());
    }
    let (min, max) = (LOGIN_CHARS.start(), LOGIN_CHARS.end());
    let zh = format!("登录名用 {min} 到 {max} 个小写字母、数字、点、横线或下划线，以字母或数字开头");
    Err(Detail::new("login", "wrong_value", zh, format!("expected {min} to {max} small letters, digits, dots, dashes or underscores")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_reach_somebody_else_are_refused() {
        for good in ["chen@example.invalid", "a.b+c@mail.ezhou.gov.cn"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["chen", "chen@localhost", "a@b.c,d@e.f", "a@b.c\r\nBcc: x@y.z", "<a@b.c>", "a b@c.d", "@b.c", "a@@b.c", "陈@b.c"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn a_number_is_taken_as_people_write_it() {
        let contact = Contact { name: "陈".into(), phone: "+86 138-0000-0000".into(), ..Contact::default() };
        assert_eq!((contact.mistakes(false), phone_of(&contact.phone)), (Vec::new(), "13800000000".to_owned()));
        let wrong = Contact { phone: "12345".into(), email: "x".into(), ..Contact::default() };
        let paths: Vec<String> = wrong.mistakes(false).into_iter().map(|detail| detail.path).collect();
        assert_eq!(paths, ["name", "email", "phone"]);
    }

    #[test]
    fn a_login_can_be_told_by_telephone() {
        assert!(["chen", "ez-sthj.handler-b", "c3"].into_iter().all(|login| login_of(login).is_ok()));
        assert!(["", "c", "Chen", "陈工", "chen@x", "-chen", "a b"].into_iter().all(|login| login_of(login).is_err()));
    }
}

//! Passwords: which are good enough, and their Argon2id hashes.
//! Invariant: at most `PASSWORD_HASHES_AT_ONCE` are computed at once and few wait, on threads of their own: many who sign in together slow each other down, never the rest.
//! Never: a rule about kinds of characters; length and what everybody tries first are what counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::app::execute::entropy;
use crate::app::failure::{Failure, Fault, refusal};
use crate::engine::refusal::{Class, Refusal};
use crate::identity::Person;
use crate::limits::{PASSWORD_CHARS, PASSWORD_HASHES_AT_ONCE, PASSWORD_HASHES_WAITING_MAX};

/// OWASP's second choice: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash of the same cost that no password is known to: unknown logins are compared with it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4uLg$3Nz7oZ1mV0bGk2n4rQyXw8sT5uHcJfLpAeDi9gKvRt0";

/// How many characters of its own a password needs beside the login.
const BESIDE_LOGIN_CHARS_MIN: usize = 6;
/// How many different characters it needs.
const DIFFERENT_CHARS_MIN: usize = 5;
/// Keys beside each other, as one runs over them.
const RUNS: [&str; 6] =
    ["01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "qwertyuiop", "!@#$%^&*()"];

/// Where hashes are computed.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(PASSWORD_HASHES_AT_ONCE)), waiting: Arc::default() }
    }
}

impl Passwords {
    /// The hash of a new password, with a salt of its own.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Failure> {
        let salt = entropy::<16>()?;
        self.compute(move || hash(&password, &salt)).await?.map_err(Failure::from)
    }

    /// Whether the password is the one behind `hash`. Without a hash the same work is done on one that is nobody's, and the answer is no.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Failure> {
        let somebody = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
        let answer = self.compute(move || -> Result<bool, Fault> {
            let parsed = PasswordHash::new(&stored).map_err(|cause| Fault::new("reading a password's hash", cause))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(answer.await?? && somebody)
    }

    /// Whether there is room for one more in the line.
    pub(crate) fn room(&self) -> Result<(), Refusal> {
        (self.waiting.load(Ordering::SeqCst) < PASSWORD_HASHES_WAITING_MAX).then_some(()).ok_or_else(busy)
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let place = Place::take(&self.waiting).ok_or_else(busy)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|cause| Fault::new("waiting to compute a hash", cause))?;
        // The turn goes into the thread: a browser that goes away frees nothing before the work is done.
        let done = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop((turn, place));
            answer
        });
        Ok(done.await.map_err(|cause| Fault::new("computing a hash", cause))?)
    }
}

/// A place in the line before the hashing threads.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(waiting.clone());
        (waiting.fetch_add(1, Ordering::SeqCst) < PASSWORD_HASHES_WAITING_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn busy() -> Refusal {
    refusal(
        "sign_in_busy",
        Class::Conflict,
        "同时登录的人太多，请过几秒再试。",
        "cannot sign in right now: too many people are signing in, try again in a few seconds",
    )
}

fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|cause| Fault::new("setting up Argon2", cause))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str, salt: &[u8]) -> Result<String, Fault> {
    let salt = SaltString::encode_b64(salt).map_err(|cause| Fault::new("salting a password", cause))?;
    let hash = argon2()?.hash_password(password.as_bytes(), &salt).map_err(|cause| Fault::new("hashing a password", cause))?;
    Ok(hash.to_string())
}

/// Whether a new password is good enough for this person.
///
/// # Errors
/// Why not: `password_short`, `password_long`, `password_is_login` or `password_common`.
pub fn acceptable(password: &str, person: &Person) -> Result<(), Refusal> {
    let chars = password.chars().count();
    let no = |code, zh: String, en: String| Err(refusal(code, Class::Invalid, zh, en));
    let (min, max) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
    if chars < *min {
        return no(
            "password_short",
            format!("密码至少 {min} 个字符，现在是 {chars} 个。可以用几个不相干的词连起来。"),
            format!("cannot take this password: expected at least {min} characters, found {chars}; several unrelated words do well"),
        );
    }
    if chars > *max {
        return no(
            "password_long",
            format!("密码最多 {max} 个字符，现在是 {chars} 个。"),
            format!("cannot take this password: expected at most {max} characters, found {chars}"),
        );
    }
    let folded = password.trim().to_lowercase();
    if names(person).iter().any(|name| near(&folded, name)) {
        return no(
            "password_is_login",
            "密码不能是登录名或者只在登录名上加几个字符。".to_owned(),
            "cannot take this password: it is the login, or the login with a few characters added".to_owned(),
        );
    }
    if common(&folded) {
        return no(
            "password_common",
            "这个密码太常见，别人最先试的就是它，请换一个。".to_owned(),
            "cannot take this password: it is among those everybody tries first".to_owned(),
        );
    }
    Ok(())
}

fn names(person: &Person) -> Vec<String> {
    let mail = person.email.iter().flat_map(|email| [email.as_str(), email.split('@').next().unwrap_or_default()]);
    mail.chain([person.login.as_str()]).map(str::to_lowercase).filter(|name| !name.is_empty()).collect()
}

/// The name, or the name with little else around it, or with what everybody adds.
fn near(password: &str, name: &str) -> bool {
    let rest = password.replace(name, "");
    rest.len() < password.len() && (rest.chars().count() < BESIDE_LOGIN_CHARS_MIN || common(&rest))
}

fn common(folded: &str) -> bool {
    static LIST: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("common.txt").lines().filter(|line| !line.starts_with('#')).collect());
    let different: std::collections::BTreeSet<char> = folded.chars().collect();
    let reversed: String = folded.chars().rev().collect();
    let runs = RUNS.iter().any(|run| [folded, &reversed].iter().any(|text| run.contains(*text)));
    different.len() < DIFFERENT_CHARS_MIN || runs || LIST.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Moment, PersonId};

    fn person() -> Person {
        let id = PersonId::new(Moment(0), [1; 10]);
        let email = Some("fang.gong@example.invalid".to_owned());
        Person { id, login: "ez-sthj.handler".into(), name: "方工".into(), email, phone: None, language: "zh-CN".into(), disabled: false }
    }

    fn said(password: &str) -> &'static str {
        acceptable(password, &person()).map_or_else(|refusal| refusal.code, |()| "good")
    }

    #[test]
    fn length_counts_and_kinds_of_characters_do_not() {
        let cases = [
            ("juan-yun-shu-shan", "good"),
            ("青山绿水共为邻好时节", "good"),
            ("kljasdfqpo", "good"),
            ("青山绿水", "password_short"),
            ("Aa1!Aa1!", "password_short"),
            (&"长".repeat(129), "password_long"),
        ];
        assert_eq!(cases.map(|(password, _)| said(password)), cases.map(|(_, expected)| expected));
    }

    #[test]
    fn the_login_and_the_mail_address_make_no_password() {
        for password in ["ez-sthj.handler", "EZ-STHJ.HANDLER", "ez-sthj.handler123", "fang.gong@example.invalid", "fang.gong1234", "fang.gong12345678"] {
            assert_eq!(said(password), "password_is_login", "{password}");
        }
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for password in ["1234567890", "0987654321", "woaini1314", "Qwertyuiop", "1qaz2wsx3edc", "aaaaaaaaaaaa", "5201314520", "12121212121", "abcdefghij"] {
            assert_eq!(said(password), "password_common", "{password}");
        }
    }

    #[test]
    fn every_listed_password_would_pass_the_other_rules() {
        // One that is refused anyway would only make the list longer.
        for line in include_str!("common.txt").lines().filter(|line| !line.starts_with('#')) {
            assert!(line.chars().count() >= *PASSWORD_CHARS.start() || line.len() >= 9, "{line}");
            assert_eq!(line.to_lowercase(), line);
        }
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = Passwords::default();
        let stored = passwords.hash("juan-yun-shu-shan".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("juan-yun-shu-shan".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("juan-yun-shu-shaN".into(), Some(stored.clone())).await.unwrap());
        assert_ne!(stored, passwords.hash("juan-yun-shu-shan".into()).await.unwrap(), "each has its own salt");
        assert!(!passwords.verify("nobody".into(), None).await.unwrap(), "nobody's password lets nobody in");
    }

    #[tokio::test]
    async fn a_storm_is_told_to_wait_instead_of_filling_the_memory() {
        let passwords = Passwords::default();
        let places: Vec<Place> = (0..PASSWORD_HASHES_WAITING_MAX).filter_map(|_| Place::take(&passwords.waiting)).collect();
        assert_eq!(places.len(), PASSWORD_HASHES_WAITING_MAX);
        let refused = passwords.verify("x".into(), None).await;
        assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal.code == "sign_in_busy"));
        drop(places);
        assert!(passwords.verify("x".into(), None).await.is_ok());
    }
}

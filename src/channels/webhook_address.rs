//! Where outside systems may be told: the one rule, for who subscribes and for who sends.
//! Invariant: what needs no look-up is decided here, all of it at once; what a name leads to is judged when it was looked up. Never: what stands before an `@` in a
//! sentence, it may be a password.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::Uri;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::ids::Text;
use crate::limits::WEBHOOK_URL_CHARS_MAX;

/// How much of an address a sentence repeats.
const SHOWN_CHARS_MAX: usize = 80;

fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

/// Whether the configuration lists a host as one inside, which may be spoken to, plainly too.
pub fn is_inside(host: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|inside| inside.eq_ignore_ascii_case(host))
}

/// Every mistake of an address that can be known without looking its name up.
pub fn mistakes(url: &str, allowed: &[String]) -> Vec<Text> {
    let mut found = Vec::new();
    let length = url.chars().count();
    if length > WEBHOOK_URL_CHARS_MAX {
        found.push(text(
            format!("应不超过 {WEBHOOK_URL_CHARS_MAX} 个字符，实际 {length} 个"),
            format!("expected at most {WEBHOOK_URL_CHARS_MAX} characters, found {length}"),
        ));
    }
    if let Some(other) = url.chars().find(|letter| !letter.is_ascii_graphic()) {
        let other = other.escape_debug();
        found.push(text(format!("应只含英文字母、数字和符号，实际有 `{other}`"), format!("expected plain letters, digits and signs only, found `{other}`")));
    }
    let parsed = url.parse::<Uri>().ok().and_then(|uri| {
        let (scheme, authority) = (uri.scheme_str()?.to_owned(), uri.authority()?.to_string());
        Some((scheme, authority, uri.host()?.to_owned()))
    });
    let Some((scheme, authority, host)) = parsed.filter(|(.., host)| !host.is_empty()) else {
        let shown = shown(url);
        found.push(text(format!("应为 https 网址，实际 `{shown}`"), format!("expected an https address, found `{shown}`")));
        return found;
    };
    let bare = host.trim_matches(['[', ']']);
    let inside = is_inside(bare, allowed);
    if scheme != "https" && !(inside && scheme == "http") {
        found.push(text(format!("应为 https 网址，实际以 `{scheme}` 开头"), format!("expected an address that begins with https, found `{scheme}`")));
    }
    let (user, place) = authority.rsplit_once('@').map_or((None, authority.as_str()), |(user, place)| (Some(user), place));
    if user.is_some() {
        found.push(text(format!("应不含用户名和密码，实际 `{place}` 之前有"), format!("expected no user name and no password, found one before `{place}`")));
    }
    found.extend(port_mistake(place.strip_prefix(host.as_str()).unwrap_or_default()));
    if !inside {
        found.extend(host_mistake(&host, bare));
    }
    found
}

/// The end of an address without its secrets, cut short.
fn shown(url: &str) -> String {
    let (before, rest) = url.rsplit_once('@').map_or(("", url), |(_, rest)| ("…@", rest));
    let cut: String = rest.chars().take(SHOWN_CHARS_MAX).collect();
    let after = if cut.len() < rest.len() { "…" } else { "" };
    format!("{before}{cut}{after}")
}

/// What follows the host: nothing, or a port. One that is no port would otherwise be passed over and the usual one taken.
fn port_mistake(rest: &str) -> Option<Text> {
    let port = rest.strip_prefix(':')?;
    let good = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    (!good).then(|| text(format!("端口应为 1 到 65535，实际 `{port}`"), format!("expected a port from 1 to 65535, found `{port}`")))
}

fn host_mistake(host: &str, bare: &str) -> Option<Text> {
    // A dot at the end makes no other name of it.
    let name = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
    let local = name == "localhost" || name.ends_with(".localhost");
    let address = name.parse::<IpAddr>().ok();
    if local || address.is_some_and(|address| !is_public(address)) {
        return Some(text(
            format!("应为公网地址，实际 `{bare}`；内网主机须先列入配置项 webhooks-inside"),
            format!("expected a public address, found `{bare}`; a host inside must first be listed under webhooks-inside"),
        ));
    }
    if address.is_some() && !bare.ends_with('.') {
        return None;
    }
    // With a dot at its end an address is none to a certificate. `127.1`, `2130706433` and `0x7f000001` are what some resolvers read as an address, so no name ends like that.
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (number || host.starts_with('[') || ServerName::try_from(name).is_err()).then(|| {
        text(format!("应为域名或四段数字的公网地址，实际 `{host}`"), format!("expected a host name or a public address of four numbers, found `{host}`"))
    })
}

/// Whether an address is one of the public internet's.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let inside = address.is_private() || address.is_loopback() || address.is_link_local() || a == 0 || (a == 100 && (64..128).contains(&b));
    let special =
        a >= 224 || (a == 192 && b == 0 && c == 0) || (a == 198 && (18..20).contains(&b)) || address.is_documentation() || (a == 192 && b == 88 && c == 99);
    !inside && !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // What holds an address of version 4 is judged by that.
    let within = match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = within {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Only what is handed out for the internet at large: 2000::/3, without documentation and the test networks.
    let global = parts[0] & 0xe000 == 0x2000;
    let special = (parts[0] == 0x2001 && (parts[1] == 0xdb8 || parts[1] < 0x200)) || parts[0] == 0x3fff;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_spoken_to() {
        let inside = [
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "203.0.113.7",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "114.114.114.114", "172.32.0.1", "100.128.0.1", "2400:3200::1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    fn said(url: &str, allowed: &[&str]) -> Vec<String> {
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        mistakes(url, &allowed).into_iter().map(|text| text.en).collect()
    }

    #[test]
    fn what_can_be_known_without_a_look_up_is_refused() {
        let table = [
            ("http://erp.example.com/", "begins with https, found `http`"),
            ("ftp://erp.example.com/", "begins with https, found `ftp`"),
            ("erp.example.com", "expected an https address, found `erp.example.com`"),
            ("https://", "expected an https address"),
            ("", "expected an https address"),
            ("https:///hook", "expected an https address"),
            ("https://10.1.2.3/", "expected a public address, found `10.1.2.3`"),
            ("https://127.0.0.1.:8443/", "expected a public address, found `127.0.0.1.`"),
            ("https://[::1]/", "expected a public address, found `::1`"),
            ("https://[::ffff:10.0.0.1]:8443/", "expected a public address"),
            ("https://169.254.169.254/latest", "expected a public address"),
            ("https://LocalHost:8443/", "expected a public address, found `LocalHost`"),
            ("https://localhost./", "expected a public address"),
            ("https://db.localhost/", "expected a public address"),
            ("https://127.1/", "four numbers, found `127.1`"),
            ("https://2130706433/", "four numbers"),
            ("https://0x7f000001/", "four numbers"),
            ("https://0177.0.0.1/", "four numbers"),
            ("https://1.1.1.1./", "four numbers, found `1.1.1.1.`"),
            ("https://[2606:4700::1111.]/", "four numbers"),
            ("https://erp.example.com:0/", "port from 1 to 65535, found `0`"),
            ("https://erp.example.com:65536/", "port from 1 to 65535, found `65536`"),
            ("https://erp.example.com:/", "port from 1 to 65535, found ``"),
            ("https://user@erp.example.com/", "found one before `erp.example.com`"),
            ("https://erp.example.com/ü", "found `ü`"),
        ];
        for (url, expected) in table {
            let found = said(url, &[]);
            assert!(found.iter().any(|said| said.contains(expected)), "{url}: {found:?}");
        }
        assert!(said(&format!("https://erp.example.com/{}", "x".repeat(WEBHOOK_URL_CHARS_MAX)), &[])[0].contains("at most 500 characters, found 524"));
        for url in
            ["https://erp.example.com", "https://ERP.example.com:8443/hook?x=1", "https://1.1.1.1/", "https://[2606:4700::1111]:8443/", "https://a-b.x1.cn/"]
        {
            assert_eq!(said(url, &[]), [""; 0], "{url}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once_and_no_password_with_them() {
        let found = said("http://erp:s3cret@10.0.0.1:99999/", &[]);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found.iter().all(|said| !said.contains("s3cret")), "{found:?}");
        let unread = said("https://erp:s3cret@/hook", &[]);
        assert!(!unread.is_empty() && unread.iter().all(|said| !said.contains("s3cret")), "{unread:?}");
    }

    #[test]
    fn a_listed_host_may_be_inside_and_spoken_to_plainly() {
        let inside = &["127.0.0.1", "erp.local", "::1", "localhost"];
        for url in ["http://127.0.0.1:8080/hook", "https://ERP.local/", "http://[::1]/", "http://localhost/"] {
            assert_eq!(said(url, inside), [""; 0], "{url}");
        }
        for (url, count) in [("ftp://127.0.0.1/", 1), ("http://u@127.0.0.1:0/", 2), ("http://127.0.0.2/", 2), ("http://crm.local/", 1)] {
            assert_eq!(said(url, inside).len(), count, "{url}: {:?}", said(url, inside));
        }
    }
}

//! The door of this host: which cookie holds a session and how it is kept, and whose word on the other side's address is believed.
//! Invariant: with a public https address the cookie is `__Host-`, Secure and for this host alone. Never: an address taken from a header that a stranger can write.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, header};

use super::visitor::cookie;

/// What the door needs to know.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// People reach the pages over https.
    pub secure: bool,
    /// The proxies before this node.
    pub proxies: Vec<IpAddr>,
}

/// The header a proxy writes.
const FORWARDED: &str = "x-forwarded-for";

impl Door {
    /// The cookie that holds the session.
    #[must_use]
    pub fn session_name(&self) -> &'static str {
        if self.secure { "__Host-gl_session" } else { "gl_session" }
    }

    /// The session's token among the cookies of a request.
    #[must_use]
    pub fn session(&self, headers: &HeaderMap) -> Option<String> {
        cookie(headers, self.session_name()).filter(|token| !token.is_empty())
    }

    /// The header that begins a session. It lasts as long as the browser does; how long it counts is decided here.
    #[must_use]
    pub fn opened(&self, token: &str) -> HeaderMap {
        self.set(token, "")
    }

    /// The headers that end it: the cookie goes, and what the browser kept of the pages with it.
    #[must_use]
    pub fn closed(&self) -> HeaderMap {
        let mut headers = self.set("", "; Max-Age=0");
        headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
        headers
    }

    fn set(&self, value: &str, more: &str) -> HeaderMap {
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", self.session_name());
        // A token is hexadecimal, so the value is always one.
        HeaderValue::from_str(&cookie).map(|value| HeaderMap::from_iter([(header::SET_COOKIE, value)])).unwrap_or_default()
    }

    /// The other side's address: what the connection says, or what the nearest proxy we know of says.
    #[must_use]
    pub fn address(&self, connection: Option<&ConnectInfo<SocketAddr>>, headers: &HeaderMap) -> String {
        let Some(ConnectInfo(peer)) = connection else { return "unknown".to_owned() };
        let lines = headers.get_all(FORWARDED).into_iter().filter_map(|line| line.to_str().ok());
        let told: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut address = peer.ip();
        for told in told.iter().rev() {
            if !self.proxies.contains(&address) {
                break;
            }
            let Ok(before) = told.parse() else { break };
            address = before;
        }
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(proxies: &[&str], peer: &str, told: &[&'static str]) -> String {
        let door = Door { secure: false, proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect() };
        let mut headers = HeaderMap::new();
        for line in told {
            headers.append(FORWARDED, HeaderValue::from_static(line));
        }
        door.address(Some(&ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1))), &headers)
    }

    #[test]
    fn only_a_known_proxy_says_where_somebody_comes_from() {
        assert_eq!(address(&[], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(address(&["10.0.0.1"], "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(address(&["10.0.0.1"], "10.0.0.1", &["1.2.3.4, 198.51.100.1"]), "198.51.100.1", "what a stranger wrote in front counts for nothing");
        assert_eq!(address(&["10.0.0.1", "10.0.0.2"], "10.0.0.1", &["198.51.100.1", "10.0.0.2"]), "198.51.100.1");
        assert_eq!(address(&["10.0.0.1"], "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address(&["10.0.0.1"], "10.0.0.1", &["nonsense"]), "10.0.0.1");
    }

    #[test]
    fn over_https_the_cookie_is_this_hosts_alone() {
        let value = |secure, token: &str| {
            let headers = Door { secure, proxies: Vec::new() }.opened(token);
            headers[header::SET_COOKIE].to_str().unwrap().to_owned()
        };
        assert_eq!(value(false, "ab"), "gl_session=ab; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(value(true, "ab"), "__Host-gl_session=ab; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(Door::default().closed()[header::SET_COOKIE].to_str().unwrap().ends_with("Max-Age=0"));
    }
}

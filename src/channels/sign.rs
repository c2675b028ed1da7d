//! Signatures of requests as the two large clouds ask for them: `ACS3-HMAC-SHA256` (Aliyun, request signature V3) and `TC3-HMAC-SHA256` (Tencent, API 3.0).
//! Invariant: the same request, moment and secret give the same signature; the published examples of both hold it. Never: the secret itself in a request.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// What of a request is signed.
pub struct Signed<'a> {
    pub method: &'a str,
    /// Sorted by name; empty for a body alone.
    pub query: &'a [(String, String)],
    /// In lower case, sorted by name.
    pub headers: &'a [(&'static str, String)],
    pub body: &'a [u8],
}

impl Signed<'_> {
    fn canonical(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let Self { method, query, body, .. } = self;
        format!("{method}\n/\n{}\n{headers}\n{}\n{}", query_text(query), self.names(), hex_digest(body))
    }

    fn names(&self) -> String {
        self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
    }

    /// The header `Authorization` of Aliyun.
    pub fn acs3(&self, key_id: &str, secret: &Secret) -> String {
        let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex_digest(self.canonical().as_bytes()));
        let signature = hex::encode(hmac(secret.expose().as_bytes(), &to_sign));
        format!("ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={},Signature={signature}", self.names())
    }

    /// The header `Authorization` of Tencent; `date` is that of `timestamp` (seconds), in UTC.
    pub fn tc3(&self, key_id: &str, secret: &Secret, service: &str, (timestamp, date): (i64, &str)) -> String {
        let scope = format!("{date}/{service}/tc3_request");
        let to_sign = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", hex_digest(self.canonical().as_bytes()));
        let of_date = hmac(format!("TC3{}", secret.expose()).as_bytes(), date);
        let key = hmac(&hmac(&of_date, service), "tc3_request");
        format!("TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={}, Signature={}", self.names(), hex::encode(hmac(&key, &to_sign)))
    }
}

/// `name=value&…` as it is signed and sent.
pub fn query_text(query: &[(String, String)]) -> String {
    query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

/// RFC 3986: all but the unreserved letters as `%XX`.
fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}

/// SHA-256 in small hexadecimal.
pub fn hex_digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length makes one.
    Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn the_published_example_of_aliyun_comes_out() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = [pair("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"), pair("RegionId", "cn-shanghai")];
        let headers = [
            ("host", "ecs.cn-shanghai.aliyuncs.com".to_owned()),
            ("x-acs-action", "RunInstances".to_owned()),
            ("x-acs-content-sha256", hex_digest(b"")),
            ("x-acs-date", "2023-10-26T10:22:32Z".to_owned()),
            ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d".to_owned()),
            ("x-acs-version", "2014-05-26".to_owned()),
        ];
        let signed = Signed { method: "POST", query: &query, headers: &headers, body: b"" };
        let header = signed.acs3("YourAccessKeyId", &secret("YourAccessKeySecret"));
        assert!(header.ends_with("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"), "{header}");
    }

    #[test]
    fn the_published_example_of_tencent_comes_out() {
        let body = br#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let headers = [("content-type", "application/json; charset=utf-8".to_owned()), ("host", "cvm.tencentcloudapi.com".to_owned())];
        let signed = Signed { method: "POST", query: &[], headers: &headers, body };
        let header = signed.tc3("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", &secret("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"), "cvm", (1_551_113_065, "2019-02-25"));
        assert_eq!(
            header,
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, \
             Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
    }

    #[test]
    fn a_query_is_encoded_as_rfc_3986_says() {
        assert_eq!(query_text(&[("a b".to_owned(), "*~/绿".to_owned())]), "a%20b=%2A~%2F%E7%BB%BF");
    }
}

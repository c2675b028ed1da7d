//! The two large clouds' own shapes for short messages.
//! Invariant: one read without a mistake can be asked as it stands. Never: a secret in the file, or anything but https towards another machine.

use std::path::PathBuf;
use std::time::Duration;

use super::gateway::{duration, url_or};
use super::parsed;
use super::sms::{SecretFrom, secret};
use crate::limits::{SMS_TIMEOUT, SMS_TIMEOUT_MAX, SMS_TIMEOUT_MIN};
use crate::source::{Node, Reader};

/// A cloud, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Which.
    pub shape: CloudShape,
    /// Its address.
    pub url: String,
    /// The name of the key.
    pub key_id: String,
    /// Where the key lies.
    pub secret: SecretFrom,
    /// The longest the whole exchange may take.
    pub timeout: Duration,
    /// A certificate to trust beside the public ones (PEM).
    pub root_certificate: Option<PathBuf>,
}

/// Which cloud's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloudShape {
    /// Aliyun: `SendSms` of 2017-05-25, signed with ACS3-HMAC-SHA256.
    Aliyun,
    /// Tencent: `SendSms` of 2021-01-11, signed with TC3-HMAC-SHA256.
    Tencent {
        /// `SmsSdkAppId`.
        app_id: String,
        /// The region asked.
        region: String,
    },
}

impl CloudShape {
    /// The key in the file.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Aliyun => "aliyun",
            Self::Tencent { .. } => "tencent",
        }
    }
}

const ALIYUN: [&str; 7] = ["url", "key-id", "secret-file", "secret-env", "timeout", "root-certificate", "allow-http-loopback"];
const TENCENT: [&str; 9] = ["url", "key-id", "secret-file", "secret-env", "timeout", "root-certificate", "allow-http-loopback", "app-id", "region"];

/// Reads `aliyun:`.
pub(super) fn aliyun(reader: &mut Reader<'_>, node: &Node) -> Option<Cloud> {
    cloud(reader, node, &ALIYUN, "https://dysmsapi.aliyuncs.com", |_, _| Some(CloudShape::Aliyun))
}

/// Reads `tencent:`.
pub(super) fn tencent(reader: &mut Reader<'_>, node: &Node) -> Option<Cloud> {
    cloud(reader, node, &TENCENT, "https://sms.tencentcloudapi.com", |reader, fields| {
        let app_id = reader.required(fields, "app-id").and_then(|node| reader.text(node));
        let region = fields.get("region").map_or_else(|| Some("ap-guangzhou".to_owned()), |node| reader.text(node));
        Some(CloudShape::Tencent { app_id: app_id?, region: region? })
    })
}

fn cloud(
    reader: &mut Reader<'_>,
    node: &Node,
    keys: &[&str],
    public: &str,
    shape: impl Fn(&mut Reader<'_>, &crate::source::Fields<'_>) -> Option<CloudShape>,
) -> Option<Cloud> {
    let fields = reader.fields(node, keys)?;
    let url = url_or(reader, &fields, public);
    let key_id = reader.required(&fields, "key-id").and_then(|node| reader.text(node));
    let secret = secret(reader, &fields);
    if secret.is_none() && fields.get("secret-file").or_else(|| fields.get("secret-env")).is_none() {
        let pair = ("缺少 `secret-file` 或 `secret-env`".to_owned(), "expected `secret-file` or `secret-env`, found neither".to_owned());
        reader.mistake(node.at, "missing-key", pair);
    }
    let shape = shape(reader, &fields);
    let mut timeout = SMS_TIMEOUT;
    let expected = (
        format!(" {SMS_TIMEOUT_MIN:?} 至 {SMS_TIMEOUT_MAX:?} 的时间，如 `10s`"),
        format!("a time from {SMS_TIMEOUT_MIN:?} to {SMS_TIMEOUT_MAX:?} such as `10s`"),
    );
    parsed(reader, fields.get("timeout"), &mut timeout, (&expected.0, &expected.1), duration);
    let root_certificate = fields.get("root-certificate").and_then(|node| reader.text(node)).map(PathBuf::from);
    Some(Cloud { shape: shape?, url: url?, key_id: key_id?, secret: secret?, timeout, root_certificate })
}

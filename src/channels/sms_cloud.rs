//! Short messages through the two large clouds in their own shapes: a template's number and its values, in a signed request.
//! Invariant: the notice's key goes along (`OutId`, `SessionContext`); a template whose value the notice lacks is not sent with a hole in it.
//! Never: the secret, a number or a text in the words of an attempt.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::secret;
use super::sign::{Signed, hex_digest, query_text};
use super::tls::NoTls;
use super::wire::{Answer, Wire};
use super::{Receipt, SendError, ShortMessage};
use crate::clock;
use crate::config::{Cloud, CloudShape};
use crate::limits::SEND_DETAIL_CHARS_MAX;
use crate::secret::Secret;

/// The cloud. Cloning shares its settings; every message has a connection of its own.
#[derive(Clone)]
pub struct SmsCloud {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Cloud,
    secret: Secret,
    wire: Wire,
}

impl fmt::Debug for SmsCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsCloud").field("url", &self.inner.settings.url).finish_non_exhaustive()
    }
}

impl SmsCloud {
    /// Reads the secret and sets up TLS; connects only when there is something to send.
    ///
    /// # Errors
    /// Every setting that cannot be used, by its key.
    pub fn open(settings: &Cloud, home: &Path) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut keep = |key: &str, mistake: String| mistakes.push(format!("sms.{}.{key}: {mistake}", settings.shape.word()));
        let secret = secret::read(&settings.secret, home).map_err(|mistake| keep("secret-file", mistake)).ok();
        let root = settings.root_certificate.as_deref();
        let wire = Wire::to(&settings.url, root, home).map_err(|NoTls { key, mistake }| keep(key.unwrap_or("url"), mistake)).ok();
        match (secret, wire) {
            (Some(secret), Some(wire)) => Ok(Self { inner: Arc::new(Inner { settings: settings.clone(), secret, wire }) }),
            _ => Err(mistakes),
        }
    }

    pub(super) async fn send(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        let inner = &self.inner;
        let request = inner.request(message)?;
        let told = match inner.wire.exchange(request, inner.settings.timeout).await {
            Ok(answer) => inner.judge(&answer),
            Err(cause) => Err(SendError::Temporary(cause)),
        };
        let clean = |text: String| text.replace(&message.to, "(recipient)").replace(inner.secret.expose(), "(secret)");
        match told {
            Ok(receipt) => Ok(Receipt::said(clean(receipt.detail))),
            Err(SendError::Temporary(text)) => Err(SendError::Temporary(clean(text))),
            Err(SendError::Permanent(text)) => Err(SendError::Permanent(clean(text))),
        }
    }
}

impl Inner {
    fn request(&self, message: &ShortMessage) -> Result<Request<Full<Bytes>>, SendError> {
        let mut values = Vec::with_capacity(message.values.len());
        for (name, value) in &message.values {
            let value = value
                .as_ref()
                .ok_or_else(|| SendError::Permanent(format!("expected a value for `{name}` of template {}, and this notice has none", message.template)))?;
            values.push((name.as_str(), value.as_str()));
        }
        // The signature holds for some minutes of real time, whatever a demonstration's clock says.
        let seconds = clock::real().0.div_euclid(1_000);
        let now = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let request = match &self.settings.shape {
            CloudShape::Aliyun => self.aliyun(message, &values, &now.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            CloudShape::Tencent { app_id, region } => {
                let date = now.format("%Y-%m-%d").to_string();
                self.tencent(message, &values, (app_id, region), (seconds, &date))
            }
        };
        request.map_err(|error| SendError::Temporary(format!("making the request: {error}")))
    }

    /// `SendSms` of 2017-05-25: everything in the query, nothing in the body.
    fn aliyun(&self, message: &ShortMessage, values: &[(&str, &str)], date: &str) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let param: serde_json::Map<String, Value> = values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let query = [
            pair("OutId", message.id.clone()),
            // A number of this country stands without its code.
            pair("PhoneNumbers", message.to.strip_prefix("+86").unwrap_or(&message.to).trim_start_matches('+').to_owned()),
            pair("SignName", message.signature.clone()),
            pair("TemplateCode", message.template.clone()),
            pair("TemplateParam", Value::Object(param).to_string()),
        ];
        let headers = [
            ("host", self.wire.authority().to_owned()),
            ("x-acs-action", "SendSms".to_owned()),
            ("x-acs-content-sha256", hex_digest(b"")),
            ("x-acs-date", date.to_owned()),
            ("x-acs-signature-nonce", hex_digest(format!("{} {date}", message.id).as_bytes())),
            ("x-acs-version", "2017-05-25".to_owned()),
        ];
        let authorization = Signed { method: "POST", query: &query, headers: &headers, body: b"" }.acs3(&self.settings.key_id, &self.secret);
        let builder = Request::post(format!("/?{}", query_text(&query))).header("authorization", authorization).header("accept", "application/json");
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
        builder.header("connection", "close").body(Full::default())
    }

    /// `SendSms` of 2021-01-11: everything in a JSON body, values in the order of their places.
    fn tencent(
        &self,
        message: &ShortMessage,
        values: &[(&str, &str)],
        (app_id, region): (&str, &str),
        (seconds, date): (i64, &str),
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let body = json!({
            "PhoneNumberSet": [message.to],
            "SmsSdkAppId": app_id,
            "SignName": message.signature,
            "TemplateId": message.template,
            "TemplateParamSet": values.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            "SessionContext": message.id,
        })
        .to_string();
        let headers =
            [("content-type", "application/json; charset=utf-8".to_owned()), ("host", self.wire.authority().to_owned()), ("x-tc-action", "sendsms".to_owned())];
        let signed = Signed { method: "POST", query: &[], headers: &headers, body: body.as_bytes() };
        let authorization = signed.tc3(&self.settings.key_id, &self.secret, "sms", (seconds, date));
        Request::post("/")
            .header("authorization", authorization)
            .header("content-type", &headers[0].1)
            .header("host", &headers[1].1)
            .header("x-tc-action", "SendSms")
            .header("x-tc-version", "2021-01-11")
            .header("x-tc-timestamp", seconds)
            .header("x-tc-region", region)
            .header("connection", "close")
            .body(Full::from(body))
    }

    fn judge(&self, answer: &Answer) -> Result<Receipt, SendError> {
        let (fine, about_the_message) = match &self.settings.shape {
            CloudShape::Aliyun => ("OK", ALIYUN_OF_THE_MESSAGE),
            CloudShape::Tencent { .. } => ("Ok", TENCENT_OF_THE_MESSAGE),
        };
        let root: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let read = |paths: &[&str]| paths.iter().find_map(|path| root.pointer(path)?.as_str().map(str::to_owned));
        let code = read(&["/Code", "/Response/Error/Code", "/Response/SendStatusSet/0/Code"]);
        let id = read(&["/BizId", "/Response/SendStatusSet/0/SerialNo"]).unwrap_or_default();
        let words = format!("{} {} {id}", answer.status, code.as_deref().unwrap_or("no code"));
        let words: String = words.trim().chars().filter(|letter| !letter.is_control()).take(SEND_DETAIL_CHARS_MAX).collect();
        match code.as_deref() {
            Some(code) if code == fine && answer.status == 200 => Ok(Receipt::said(words)),
            Some(code) if about_the_message.contains(&code) => Err(SendError::Permanent(words)),
            // Of our account, our signature or the hour; or nobody knows whether it was taken.
            Some(_) | None => Err(SendError::Temporary(words)),
        }
    }
}

const ALIYUN_OF_THE_MESSAGE: &[&str] = &[
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.INVALID_PARAMETERS",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.PARAM_LENGTH_LIMIT",
];
const TENCENT_OF_THE_MESSAGE: &[&str] = &[
    "InvalidParameterValue.IncorrectPhoneNumber",
    "InvalidParameterValue.TemplateParameterFormatError",
    "InvalidParameterValue.TemplateParameterLengthLimit",
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.PhoneNumberInBlacklist",
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
];

//! The configuration file: what it holds when it is right, and every way of getting it wrong.

use super::*;

#[test]
fn an_empty_file_gives_the_defaults() {
    assert_eq!(Config::parse("", "greenlane.yaml"), Ok(Config::default()));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let text = "listen: everywhere\ntenant: 42\ndigest: at dawn\nmial: {}\nmail:\n  smtp:\n    host: mail.example\n    tls: perhaps\n";
    let told: Vec<String> = Config::parse(text, "greenlane.yaml").expect_err("six mistakes").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    greenlane.yaml:1:9: wrong-value: expected an address and port such as 127.0.0.1:7700, found `everywhere` / 期望地址和端口，如 127.0.0.1:7700，实际 `everywhere`
    greenlane.yaml:2:9: wrong-value: expected a six-digit region code, found `42` / 期望六位行政区划代码，实际 `42`
    greenlane.yaml:3:9: wrong-value: expected a cron expression of six fields, found `at dawn` / 期望六段的 cron 表达式，实际 `at dawn`
    greenlane.yaml:4:1: unknown-key: expected one of listen, tenant, origin, digest, reports, mail, sms, fold-minutes, webhooks-inside, role, public-url, proxies, found `mial` / 期望 listen, tenant, origin, digest, reports, mail, sms, fold-minutes, webhooks-inside, role, public-url, proxies 之一，实际 `mial`
    greenlane.yaml:7:5: missing-key: expected `from`, found no such key / 缺少 `from`
    greenlane.yaml:8:10: unknown-word: expected one of starttls, tls, none, found `perhaps` / 期望 starttls, tls, none 之一，实际 `perhaps`
    ");
}

#[test]
fn every_mistake_about_short_messages_is_told_with_its_place() {
    let text = r#"sms:
  signature: {zh: 【鄂】, en: 鄂州}
  gateway:
    url: http://sms.example/send
    method: GET
    headers: {Host: x, Authorization: Bearer abc, X-Id: '{phone}'}
    content-type: json
    body: '{"to": {phone}, "text": "{text}", "sign": "{sign}"}'
    success: {status: 99, path: data..code}
    timeout: 10
    receipt: {by: hash, header: "X Sign", id: id, state: state, delivered: DELIVRD}
"#;
    let told: Vec<String> = Config::parse(text, "greenlane.yaml").expect_err("mistakes").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    greenlane.yaml:2:19: wrong-value: expected a signature of 2 to 18 characters, without 【】, found `【鄂】` / 期望 2 至 18 个字、不带【】的签名，实际 `【鄂】`
    greenlane.yaml:2:28: wrong-value: expected a signature of 2 to 18 plain letters, found `鄂州` / 期望 2 至 18 个基本字母的签名，实际 `鄂州`
    greenlane.yaml:4:10: wrong-url: expected an address that begins with https:// and holds no account (http:// for this machine itself, with `allow-http-loopback: true`), found `http://sms.example/send` / 期望 https:// 开头、不带账号的地址（本机可用 http://，须写 `allow-http-loopback: true`），实际 `http://sms.example/send`
    greenlane.yaml:5:13: unknown-word: expected one of POST, PUT, found `GET` / 期望 POST, PUT 之一，实际 `GET`
    greenlane.yaml:6:15: wrong-header: expected the name of a header of your own, found `Host` / 期望请求自身以外的头名称，实际 `Host`
    greenlane.yaml:6:39: secret-in-file: expected `{secret}` in `authorization`, found a secret in the file / `authorization` 应带 `{secret}`，密钥不写在文件里
    greenlane.yaml:6:58: unknown-placeholder: expected one of the placeholders {id}, {secret}, found `{phone}` / 期望占位符 {id}, {secret} 之一，实际 `{phone}`
    greenlane.yaml:8:55: unknown-placeholder: expected one of the placeholders {phone}, {text}, {id}, {template}, {signature}, {secret}, found `{sign}` / 期望占位符 {phone}, {text}, {id}, {template}, {signature}, {secret} 之一，实际 `{sign}`
    greenlane.yaml:9:23: wrong-value: expected a status from 200 to 599, found `99` / 期望 200 至 599 的状态码，实际 `99`
    greenlane.yaml:9:33: wrong-path: expected a path with dots such as `data.0.code`, found `data..code` / 期望以点分隔的路径，如 `data.0.code`，实际 `data..code`
    greenlane.yaml:10:14: wrong-value: expected a time from 10ms to 30s such as `10s`, found `10` / 期望 10ms 至 30s 的时间，如 `10s`，实际 `10`
    greenlane.yaml:11:14: missing-key: expected `secret-file` or `secret-env`, found neither / 缺少 `secret-file` 或 `secret-env`
    greenlane.yaml:11:19: unknown-word: expected one of secret, hmac-sha256, found `hash` / 期望 secret, hmac-sha256 之一，实际 `hash`
    greenlane.yaml:11:33: wrong-header: expected the name of a header, found `X Sign` / 期望请求头的名称，实际 `X Sign`
    ");
    let more = r#"sms:
  folder: sms
  gateway:
    url: https://user:pass@sms.example/send
    content-type: form
    body: 'pwd=abc&to={phone}&text={text}&id={id}'
    secret-file: key
    secret-env: KEY
    success: {}
    receipt: {by: secret, header: X-Sign, id: id, state: state, delivered: [DELIVRD]}
"#;
    let told: Vec<String> = Config::parse(more, "greenlane.yaml").expect_err("mistakes").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    greenlane.yaml:2:3: wrong-value: expected one of `folder`, `gateway`, `smpp`, `aliyun` and `tencent`, found `{folder: …}` / 期望 `folder`、`gateway`、`smpp`、`aliyun` 或 `tencent` 之一，实际 `{folder: …}`
    greenlane.yaml:4:10: wrong-url: expected an address that begins with https:// and holds no account (http:// for this machine itself, with `allow-http-loopback: true`), found `https://user:pass@sms.example/send` / 期望 https:// 开头、不带账号的地址（本机可用 http://，须写 `allow-http-loopback: true`），实际 `https://user:pass@sms.example/send`
    greenlane.yaml:6:11: secret-in-file: expected `{secret}` as the value of `pwd`, found a secret in the file / `pwd` 的值应为 `{secret}`，密钥不写在文件里
    greenlane.yaml:8:17: wrong-value: expected one of `secret-file` and `secret-env`, found `KEY` / 期望 `secret-file` 或 `secret-env` 之一，实际 `KEY`
    greenlane.yaml:10:14: missing-key: expected `secret-file` or `secret-env`, found neither / 缺少 `secret-file` 或 `secret-env`
    ");
    let alone = "sms: {gateway: {url: 'https://sms.example/', content-type: form, body: 'to={phone} x', success: {}, secret-file: key}}";
    let told: Vec<String> = Config::parse(alone, "greenlane.yaml").expect_err("mistakes").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    greenlane.yaml:1:72: missing-placeholder: expected `{id}` in the body, found none / 请求体缺 `{id}`
    greenlane.yaml:1:72: missing-placeholder: expected `{text}` in the body, found none / 请求体缺 `{text}`
    greenlane.yaml:1:72: wrong-body: expected a form such as `name=value&name=value` with its own letters encoded, found `to={phone} x` / 期望 `名=值&名=值` 形式、其余字符已编码的表单，实际 `to={phone} x`
    ");
}

#[test]
fn a_gateway_is_read_whole() {
    let text = r#"sms:
  signature: {zh: 武汉政务}
  gateway:
    url: https://sms.example/send?v=1
    headers: {Authorization: 'Bearer {secret}', Idempotency-Key: '{id}'}
    content-type: json
    body: |
      {"to": ["{phone}"], "text": "{text}", "out": "{id}", "template": "{template}"}
    secret-file: /run/secrets/sms
    success: {status: [200, 202], path: data.0.code, equals: 0}
    temporary: {status: 409, values: [LIMIT, 7]}
    timeout: 500ms
    receipt: {by: hmac-sha256, header: X-Sign, secret-env: SMS_SIGN, id: out, state: report, delivered: DELIVRD, failed: [UNDELIV, EXPIRED]}
"#;
    let config = Config::parse(text, "greenlane.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let SmsWay::Gateway(gateway) = config.sms.way else { panic!("expected a gateway, found {:?}", config.sms.way) };
    assert_eq!((config.sms.signature.zh.as_str(), config.sms.signature.en.as_str()), ("武汉政务", "Ezhou Gov"));
    let path = vec!["data".to_owned(), "0".to_owned(), "code".to_owned()];
    assert_eq!(gateway.success, Success { status: vec![200, 202], value: Some((path, "0".to_owned())) });
    assert_eq!(gateway.temporary, Temporary { status: vec![409], values: vec!["LIMIT".to_owned(), "7".to_owned()] });
    assert_eq!((gateway.method, gateway.timeout), ("POST", std::time::Duration::from_millis(500)));
    let receipt = gateway.receipt.expect("receipts");
    assert_eq!((receipt.proof, receipt.secret, receipt.failed.len()), (Proof::Hmac, SecretFrom::Env("SMS_SIGN".to_owned()), 2));
    let local = "sms: {gateway: {url: 'http://[::1]:8080/', allow-http-loopback: true, content-type: form, body: 'to={phone}&t={text}&i={id}', success: {}}}";
    assert!(Config::parse(local, "greenlane.yaml").is_ok());
}

#[test]
fn the_public_address_has_no_path_and_proxies_are_addresses() {
    let read = |text: &str| Config::parse(text, "greenlane.yaml").map(|config| (config.public_url, config.proxies));
    let expected = (Some("https://lvtong.example.gov.cn".to_owned()), vec!["10.0.0.1".parse().expect("an address")]);
    assert_eq!(read("public-url: https://lvtong.example.gov.cn/\nproxies: [10.0.0.1]"), Ok(expected));
    for wrong in ["public-url: lvtong.example.gov.cn", "public-url: 'https://a/b'", "public-url: 'https://a b'", "proxies: [front]"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_mail_server_is_read_whole() {
    let text = "mail: {smtp: {host: mail.example, from: 'gl@mail.example', user: gl, password-file: /run/secrets/mail}}";
    let config = Config::parse(text, "greenlane.yaml").expect("a correct file");
    let Mail::Smtp(smtp) = config.mail else { panic!("expected smtp, found {:?}", config.mail) };
    assert_eq!((smtp.port, smtp.tls.as_str(), smtp.user.as_deref()), (587, "starttls", Some("gl")));
}

//! Texts of notices from the outside: what is built in is sound, what is wrong is found at start with its place.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use greenlane::calendar::Unit;
use greenlane::definition::graph::Text;
use greenlane::limits::{SMS_CHARS_MAX, SMS_EN_CHARS_MAX};
use greenlane::notice::{Context, Days, Digest, Kind, Language, Line, Signature, Templates, Unwritable};

/// The texts as they stand in the repository.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files = BTreeMap::new();
    let mut folders = vec![root.join("mail"), root.join("sms")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

fn templates() -> Templates {
    Templates::embedded(Signature::default()).unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)))
}

fn lines(mistakes: &[greenlane::source::Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

/// The mistakes after `change`.
fn wrong(change: impl FnOnce(&mut BTreeMap<String, String>)) -> String {
    let mut files = files();
    change(&mut files);
    lines(&Templates::compile(&files, Signature::default()).map(|_| ()).unwrap_err())
}

fn context() -> Context {
    Context {
        no: "GC20250001-HP".into(),
        item: Text { zh: "环境影响报告表审批".into(), en: "EIA report form approval".into() },
        step: Some(Text { zh: "签发".into(), en: "Sign".into() }),
        office: Some(Text { zh: "生态环境局".into(), en: "Ecology and Environment Bureau".into() }),
        due: NaiveDate::from_ymd_opt(2025, 4, 22),
        left: Some(Days { count: 1, unit: Unit::Working }),
        path: Some("/cases/GC20250001".into()),
        ..Context::default()
    }
}

#[test]
fn every_built_in_text_is_sound() {
    templates();
}

#[test]
fn the_embedded_texts_are_those_of_the_repository() {
    let compiled = Templates::compile(&files(), Signature::default());
    assert!(compiled.is_ok(), "{}", lines(&compiled.map(|_| ()).unwrap_err()));
}

#[test]
fn a_reminder_reads_well_in_both_languages() {
    let letter = templates().letter(Kind::OYellow, Language::Zh, &context()).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", letter.subject, letter.text), @r"
    [绿色通道] 临期提醒：GC20250001-HP 环境影响报告表审批

    办件 GC20250001-HP 环境影响报告表审批 到期日：2025年4月22日（周二）
    环节：签发
    承办单位：生态环境局

    环境影响报告表审批还剩 1 个工作日，2025年4月22日（周二） 到期，请抓紧办理。

    确需延期的，应在到期前按规定报批，一件只能延期一次；属于特别程序的，请在到期前启动，到期后启动的不改变到期日。

    平台内位置：/cases/GC20250001

    本邮件由系统发出，请勿直接回复；咨询电话见平台“单位电话”。
    ");
    let letter = templates().letter(Kind::OYellow, Language::En, &context()).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", letter.subject, letter.text), @r"
    [Green channel] Due soon: GC20250001-HP EIA report form approval

    GC20250001-HP EIA report form approval - due Tuesday 22 April 2025
    Step: Sign
    Office: Ecology and Environment Bureau

    EIA report form approval is due on Tuesday 22 April 2025; 1 working day left. Please see to it.

    An extension must be approved before that day and is possible once. A special procedure, too, must begin before it; later ones do not move the date.

    On the platform: /cases/GC20250001

    This message was sent by the system; please do not reply. For questions, see the telephone list on the platform.
    ");
    let bare = Context { step: None, office: None, left: None, path: None, provisional: true, ..context() };
    let letter = templates().letter(Kind::AAccepted, Language::Zh, &bare).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", letter.subject, letter.text), @r"
    [绿色通道] 已受理：GC20250001-HP

    办件 GC20250001-HP 环境影响报告表审批 到期日：2025年4月22日（周二）（暂定，以国家公布的放假安排为准）

    您单位的环境影响报告表审批申请已受理。

    时限逐日怎样算出、哪些日子不计入，见平台“时限说明”。

    本邮件由系统发出，请勿直接回复；咨询电话见平台“单位电话”。
    ");
}

#[test]
fn a_digest_lists_what_is_there_and_no_empty_heading() {
    let line = |no: &str, late| Line { no: no.into(), item: context().item, due: context().due, late, ..Line::default() };
    let digest = Digest {
        red: vec![Line { project: Some("智能装备产业园一期".into()), ..line("GC20250001-HP", Some(Days { count: 1, unit: Unit::Working })) }],
        other: vec![line("GC20250002-HP", None), line("GC20250003-HP", None)],
        ..Digest::default()
    };
    let context = Context { on: NaiveDate::from_ymd_opt(2025, 4, 23), digest: Some(digest), ..Context::default() };
    let letter = templates().letter(Kind::TaskDigest, Language::Zh, &context).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", letter.subject, letter.text), @r"
    [绿色通道] 2025年4月23日（周三）待办：红 1，黄 0

    早上好。以下是您名下截至 2025年4月23日（周三） 的待办，按灯色和到期日排列。

    【红】超承诺时限
    - GC20250001-HP 智能装备产业园一期 · 环境影响报告表审批，2025年4月22日（周二） 到期，超 1 个工作日

    【绿】其他待办
    - GC20250002-HP 环境影响报告表审批，2025年4月22日（周二） 到期
    - GC20250003-HP 环境影响报告表审批，2025年4月22日（周二） 到期

    本邮件由系统发出，请勿直接回复；咨询电话见平台“单位电话”。
    ");
    let letter = templates().letter(Kind::TaskDigest, Language::En, &context).unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", letter.subject, letter.text), @r"
    [Green channel] Your desk on Wednesday 23 April 2025: 1 red, 0 yellow

    Good morning. These are your tasks as of Wednesday 23 April 2025, by light and due date.

    [Red] Past the promise
    - GC20250001-HP 智能装备产业园一期 · EIA report form approval, due Tuesday 22 April 2025, 1 working day late

    [Green] Other tasks
    - GC20250002-HP EIA report form approval, due Tuesday 22 April 2025
    - GC20250003-HP EIA report form approval, due Tuesday 22 April 2025

    This message was sent by the system; please do not reply. For questions, see the telephone list on the platform.
    ");
}

#[test]
fn a_short_message_is_signed_and_names_no_step_or_office() {
    let context = Context { reason: Some("王某未签".into()), ..context() };
    let short = |kind, language| templates().short(kind, language, &context).unwrap();
    insta::assert_snapshot!(short(Kind::OYellow, Language::Zh), @"【鄂州政务】临期：GC20250001-HP环境影响报告表审批剩1个工作日，4月22日到期。");
    insta::assert_snapshot!(short(Kind::OYellow, Language::En), @"Ezhou Gov: Due soon: GC20250001-HP EIA report form approval, 1 working day left, due 22 Apr.");
    insta::assert_snapshot!(short(Kind::ACorrection, Language::Zh), @"【鄂州政务】办件GC20250001-HP有材料需补正，请于4月22日前在平台一次补齐。");
}

#[test]
fn no_context_makes_a_short_message_cost_two() {
    let templates = templates();
    let days = Some(Days { count: 365, unit: Unit::Working });
    let date = NaiveDate::from_ymd_opt(2025, 12, 31);
    let context = Context {
        no: "GC20250001-HP-PRELIMINARY-2".into(),
        item: Text { zh: "智能制造重大项目配套基础设施".repeat(4), en: "Supporting infrastructure of a major project ".repeat(4) },
        due: date,
        left: days,
        late: days,
        promised: date,
        statutory: date,
        until: date,
        on: date,
        reason: Some("很长的理由。".repeat(20)),
        document: Some("GT-420700-2025-0001".into()),
        count: Some(120),
        place: Some(120),
        priority: true,
        ..context()
    };
    for kind in Kind::ALL.iter().filter(|kind| kind.has_short()) {
        let zh = templates.short(*kind, Language::Zh, &context).unwrap();
        assert!(zh.encode_utf16().count() <= SMS_CHARS_MAX && zh.starts_with("【鄂州政务】"), "{kind}: {zh}");
        let en = templates.short(*kind, Language::En, &context).unwrap();
        assert!(en.len() <= SMS_EN_CHARS_MAX && en.is_ascii(), "{kind}: {en}");
    }
}

#[test]
fn a_line_break_in_a_name_cannot_split_a_subject() {
    let mut context = context();
    context.no = "GC2025\r\nBcc: all@example.invalid".into();
    let letter = templates().letter(Kind::OYellow, Language::Zh, &context).unwrap();
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
}

#[test]
fn a_context_without_what_the_kind_needs_is_refused_by_name() {
    let error = templates().letter(Kind::OYellow, Language::Zh, &Context { due: None, ..context() }).unwrap_err();
    assert_eq!(error, Unwritable::Lacks { kind: Kind::OYellow, lacks: vec!["due"] });
    assert!(templates().short(Kind::TaskDigest, Language::Zh, &context()).is_err(), "a digest has no short message");
}

#[test]
fn every_mistake_of_every_text_is_named_at_once() {
    let found = wrong(|files| {
        files.remove("mail/o.red/body.en.txt");
        files.insert("mail/o.redd/body.en.txt".into(), "x".into());
        files.insert("mail/o.yellow/subject.zh-CN.txt".into(), "临期 {{no}} {{dew}}".into());
        files.insert("mail/o.yellow/body.zh-CN.txt".into(), "一\n二 {{item}} {{left}}\n{{#each due}}x{{/each}}".into());
        files.insert("mail/o.today/body.en.txt".into(), "Due {{due".into());
        files.insert("mail/a.closed/body.en.txt".into(), "{{> other}}{{{item}}}{{lookup no 1}}".into());
        files.insert("sms/o.task.zh-CN.hbs".into(), "{{no}} {{reason}}".into());
    });
    insta::assert_snapshot!(found, @r"
    templates/mail/o.yellow/subject.zh-CN.txt:1:11: template-variable: expected a variable among due, item, left, no, office, path, provisional, step, found `dew` / 变量应为 due, item, left, no, office, path, provisional, step 之一，实为 `dew`
    templates/mail/o.yellow/body.zh-CN.txt:2:12: template-unguarded: expected `{{#if left}}` around a variable that may be absent, found `{{left}}` alone / 变量 `left` 可能没有值，应放在 `{{#if left}}` 之内
    templates/mail/o.yellow/body.zh-CN.txt:3:1: template-construct: expected a variable, `if`, `unless`, or `each` over a list, found `each due` / 模板里只能有变量、`if`、`unless` 和列表上的 `each`，实为 `each due`
    templates/sms/o.task.zh-CN.hbs:1:8: template-variable: expected a variable among due, item, no, priority, found `reason` / 变量应为 due, item, no, priority 之一，实为 `reason`
    templates/mail/a.closed/body.en.txt:1:1: template-construct: expected a variable, `if`, `unless`, or `each` over a list, found `{{> …}}` / 模板里只能有变量、`if`、`unless` 和列表上的 `each`，实为 `{{> …}}`
    templates/mail/a.closed/body.en.txt:1:12: template-construct: expected a variable, `if`, `unless`, or `each` over a list, found `{{{…}}}` / 模板里只能有变量、`if`、`unless` 和列表上的 `each`，实为 `{{{…}}}`
    templates/mail/a.closed/body.en.txt:1:22: template-construct: expected a variable, `if`, `unless`, or `each` over a list, found `lookup` / 模板里只能有变量、`if`、`unless` 和列表上的 `each`，实为 `lookup`
    templates/mail/o.today/body.en.txt:1:10: template-syntax: expected a template, found a syntax error: invalid handlebars syntax: expected identifier, helper_parameter, or trailing_tilde_to_omit_whitespace / 模板语法有误：invalid handlebars syntax: expected identifier, helper_parameter, or trailing_tilde_to_omit_whitespace
    templates/mail/o.red/body.en.txt:0:0: template-missing: expected a file `templates/mail/o.red/body.en.txt`, found none / 应有文件 `templates/mail/o.red/body.en.txt`，没有找到
    templates/mail/o.redd/body.en.txt:0:0: template-stranger: expected files named for a kind and a language, such as `mail/o.red/body.en.txt`, found `mail/o.redd/body.en.txt` / 应以通知种类和语言命名（如 `mail/o.red/body.en.txt`），实为 `mail/o.redd/body.en.txt`
    ");
}

#[test]
fn a_short_message_that_costs_two_or_carries_a_link_is_refused() {
    let found = wrong(|files| {
        files.insert(
            "sms/o.task.zh-CN.hbs".into(),
            "您有一项新待办事项需要尽快登录平台处理：{{no}}{{item}}{{#if due}}，请务必在{{due}}之前办理完毕{{/if}}。".into(),
        );
        files.insert("sms/o.red.zh-CN.hbs".into(), "{{no}} https://example.invalid".into());
        files.insert("sms/o.red.en.hbs".into(), "{{no}} – late".into());
        files.insert("sms/o.dark.en.hbs".into(), " {{#if late}}{{/if}} ".into());
    });
    insta::assert_snapshot!(found, @r"
    templates/sms/o.task.zh-CN.hbs:0:0: sms-too-long: expected at most 70 characters with the longest values and the signature, found `72`: 【鄂州政务】您有一项新待办事项需要尽快登录平台处理：GGGGGGGGGGGGGGGG用用用用用用用用用用用用，请务必在12月31日之前办理完毕。 / 含签名、变量按最长值计应不超过 70 字，实为 `72`：【鄂州政务】您有一项新待办事项需要尽快登录平台处理：GGGGGGGGGGGGGGGG用用用用用用用用用用用用，请务必在12月31日之前办理完毕。
    templates/sms/o.red.zh-CN.hbs:0:0: sms-link: expected no link in a short message, found one / 短信不得带链接
    templates/sms/o.red.en.hbs:0:0: sms-alphabet: expected letters of the plain alphabet, found others: they halve the room of a short message / 英文短信应只用基本字母，否则单条只有 70 字
    templates/sms/o.dark.en.hbs:0:0: template-render: expected the sample to render, found: the text is empty / 试渲染失败：the text is empty
    ");
    let long = Signature { zh: "鄂".into(), en: "Ezhou Gov".into() };
    insta::assert_snapshot!(lines(&Templates::compile(&files(), long).map(|_| ()).unwrap_err()), @"sms:0:0: sms-signature: expected a signature of 2 to 18 characters, found `鄂` / 短信签名应为 2 至 18 个字，实为 `鄂`");
}

//! The registration of texts: what may follow what, and that it is on the record; and every text with values somebody chose badly.

use greenlane::app::failure::Failure;
use greenlane::app::texts::{TextAct, TextChange};
use greenlane::calendar::Unit;
use greenlane::definition::graph::Text;
use greenlane::identity::Actor;
use greenlane::ids::CommandId;
use greenlane::notice::{Clearance, Context, Days, Kind, Language, Signature, Templates, Unwritable, segments};

use super::leaves::{approved, operator, step};
use crate::spine::node::{Node, Where, on_both};

fn said(result: Result<(), Failure>) -> String {
    match result {
        Ok(()) => "done".to_owned(),
        Err(Failure::Refused(refusal)) => std::iter::once(refusal.code.to_owned())
            .chain(refusal.details.iter().map(|detail| format!("{} {}", detail.path, detail.code)))
            .collect::<Vec<_>>()
            .join(", "),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

#[test]
fn a_text_goes_from_draft_to_approved_in_order_and_only_then_is_it_switched_on() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let clearance = async || node.app.clearance(&node.app.known(node.tenant).await.unwrap(), Kind::OYellow, Language::Zh);
        let take = async |act| said(step(&node, Kind::OYellow, act).await);
        let reject = || TextAct::Reject { by: "网关".into(), reason: "用语不当".into(), on: None };
        assert_eq!((clearance().await, take(TextAct::Enable).await.as_str()), (Some(Clearance::Draft), "text_not_approved"));
        assert_eq!((take(approved()).await.as_str(), take(reject()).await.as_str()), ("text_not_submitted", "text_not_submitted"));
        assert_eq!((take(TextAct::Submit).await.as_str(), clearance().await), ("done", Some(Clearance::Submitted)));
        assert_eq!(take(TextAct::Enable).await, "text_not_approved");
        let empty = TextAct::Approve { template: " ".into(), by: "a\nb".into(), on: "2025-03-04".parse().ok() };
        assert_eq!(take(empty).await, "text_wrong, template missing, by too_long, on in_future");
        assert_eq!((take(reject()).await.as_str(), clearance().await), ("done", Some(Clearance::Rejected)));
        assert_eq!(take(TextAct::Enable).await, "text_not_approved");
        assert_eq!((take(TextAct::Submit).await.as_str(), take(approved()).await.as_str()), ("done", "done"));
        assert_eq!((clearance().await, take(TextAct::Submit).await.as_str()), (Some(Clearance::Approved), "text_approved"));
        assert_eq!(take(TextAct::Enable).await, "done");
        let known = node.app.known(node.tenant).await.unwrap();
        assert!(known.texts.speaks(Kind::OYellow, Language::Zh) && !known.texts.speaks(Kind::OYellow, Language::En), "each language by itself");
        assert_eq!(take(reject()).await, "done", "a carrier may take it back");
        assert!(!node.app.known(node.tenant).await.unwrap().texts.speaks(Kind::OYellow, Language::Zh));
        assert_eq!(said(step(&node, Kind::TaskDigest, TextAct::Submit).await), "no_sms_text");
        node.crew.drain().await.unwrap();
        node.holds().await;
    });
}

#[test]
fn only_who_looks_after_notices_registers_texts_and_a_form_sent_twice_is_one_act() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let id = Some(CommandId(uuid::Uuid::from_u128(7)));
        let change = |act| TextChange { kind: Kind::ORed, language: Language::En, act, command_id: id };
        let by = async |login: &str| Actor::Person(node.person(login).await);
        assert_eq!(said(node.app.change_text(node.tenant, by("ez-ldxz.auditor").await, change(TextAct::Submit)).await.map(drop)), "without_post");
        assert_eq!(said(node.app.change_text(node.tenant, Actor::System, change(TextAct::Submit)).await.map(drop)), "person_only");
        let first = node.app.change_text(node.tenant, by("ez-zwzx.operator").await, change(TextAct::Submit)).await.unwrap();
        let second = node.app.change_text(node.tenant, by("ez-zwzx.operator").await, change(TextAct::Submit)).await.unwrap();
        assert_eq!((first.repeated, second.repeated, first.version), (false, true, second.version));
        let other = node.app.change_text(node.tenant, by("ez-zwzx.operator").await, change(TextAct::Disable)).await;
        assert_eq!(said(other.map(drop)), "command_id_reused");
        assert_eq!(node.app.approve_every_text(node.tenant, operator(), "演示网关").await.unwrap(), 80);
        assert_eq!(node.app.approve_every_text(node.tenant, operator(), "演示网关").await.unwrap(), 0, "done again, it changes nothing");
        node.holds().await;
    });
}

/// Names as somebody careless or malicious would put them where a context has room for names.
const PROJECT: &str = "鄂州某某智能制造基地项目";

fn hostile() -> Context {
    let text = || Some(Text { zh: format!("{PROJECT}（某某有限公司）"), en: "Acme Intelligent Plant of Acme Co., Ltd.".into() });
    let days = Some(Days { count: 7, unit: Unit::Working });
    let day = "2025-12-31".parse().ok();
    Context {
        no: "GC20250001-HP\r\nX: y".into(),
        item: Text {
            zh: "环境影响报告表审批及其全部配套手续".into(), en: "EIA report form approval {{reason}} and everything that goes with it".into()
        },
        step: text(),
        office: text(),
        due: day,
        provisional: true,
        left: days,
        late: days,
        promised: day,
        statutory: day,
        until: day,
        on: day,
        reason: Some(format!("{PROJECT} 张三 13800000000 https://evil.example 3,000.00 万元")),
        cause: text(),
        basis: Some(PROJECT.into()),
        document: Some(PROJECT.into()),
        count: Some(3),
        place: Some(2),
        path: Some("https://evil.example/cases/GC20250001".into()),
        priority: true,
        digest: None,
        login: Some(PROJECT.into()),
        link: Some("https://evil.example/invitation".into()),
    }
}

#[test]
fn no_short_message_carries_a_project_a_company_a_name_an_amount_or_a_link() {
    let templates = Templates::embedded(Signature::default()).unwrap();
    let mut all = Vec::new();
    for language in Language::ALL {
        for kind in Kind::ALL.iter().filter(|kind| kind.has_short()) {
            let text = templates.short(*kind, language, &hostile()).unwrap();
            for forbidden in [PROJECT, "某某", "Acme", "张三", "13800000000", "evil", "://", "万元", "暂定", "\r", "\n"] {
                assert!(!text.contains(forbidden), "{kind}: {text}");
            }
            assert_eq!(segments(&text).parts, 1, "{kind}: {text}");
            all.push(format!("{:<18}{text}", kind.key()));
        }
    }
    insta::assert_snapshot!(all.join("\n"), @"
    a.received        【鄂州政务】收到您单位申请，编号GC20250001-HP X。12月31日前告知是否受理。
    a.correction      【鄂州政务】办件GC20250001-HP X有材料需补正（3项），请于12月31日前在平台一次补齐。
    a.correction-due  【鄂州政务】办件GC20250001-HP X补正期限12月31日，还剩7个工作日。请及时补齐。
    a.accepted        【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…已受理，承诺12月31日前办结。
    a.deemed          【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…依法自12月31日视为受理，时限见平台。
    a.not-accepted    【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…未予受理，理由和救济途径见平台决定书。
    a.tolerant-due    【鄂州政务】办件GC20250001-HP X待补的容缺材料12月31日到期，逾期将终止办理。
    a.special         【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…转入特别程序，约12月31日结束，此间不计时限。
    a.resumed         【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…已恢复计时，现12月31日到期。
    a.extended        【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…期限延至12月31日，理由见平台告知书。
    a.moved           【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…承诺日期改为12月31日，见平台。
    a.hearing         【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…可要求听证，请于12月31日前提出。
    a.late            【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…未按承诺办结，预计12月31日办结，原因见平台。
    a.ready           【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…已出结果，可下载、邮寄或到窗口领取。
    a.refused         【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…决定不予许可，理由和救济途径见平台文书。
    a.terminated      【鄂州政务】办件GC20250001-HP X环境影响报告表审批及其…已终止，原因见平台通知书，可再次申请。
    a.admitted        【鄂州政务】您单位项目已获绿色通道认定，编号GC20250001-HP X，12月31日前有效。
    a.admission-ended 【鄂州政务】绿色通道认定GC20250001-HP X12月31日起终止，已受理的事项照办。
    a.quota-wait      【鄂州政务】办件GC20250001-HP X用地指标不足，已候补第2位，有指标即告知。
    a.quota-reserved  【鄂州政务】办件GC20250001-HP X用地指标已留，保留至12月31日。
    a.funding-gap     【鄂州政务】办件GC20250001-HP X资金尚有缺口，请于12月31日前更新筹措方案。
    a.urged           【鄂州政务】办件GC20250001-HP X的催办已转达，最迟12月31日答复。
    a.closed          【鄂州政务】办件GC20250001-HP X各环节都已办结，请在平台评价本次服务。
    o.task            【鄂州政务】新待办：GC20250001-HP X环境影响报告表审批及其…，12月31日到期。绿色通道，请先办。
    o.yellow          【鄂州政务】临期：GC20250001-HP X环境影响报告表审批及其…剩7个工作日，12月31日到期。
    o.today           【鄂州政务】今日到期：GC20250001-HP X环境影响报告表审批及其…，请今天办结或办妥延期。
    o.red             【鄂州政务】超承诺时限：GC20250001-HP X环境影响报告表审批及其…已超7个工作日，请速办并写明原因。
    o.dark            【鄂州政务】超法定时限：GC20250001-HP X环境影响报告表审批及其…已超7个工作日，请即报主要负责人。
    o.special-due     【鄂州政务】特别程序12月31日将到期：GC20250001-HP X环境影响报告表审批及其…，请按时恢复计时。
    o.corrected       【鄂州政务】补正已交：GC20250001-HP X环境影响报告表审批及其…，请12月31日前定是否受理。
    o.consult         【鄂州政务】征求意见：GC20250001-HP X环境影响报告表审批及其…，12月31日前请反馈。
    o.consult-due     【鄂州政务】意见12月31日到期：GC20250001-HP X环境影响报告表审批及其…，未反馈将如实记录。
    o.backup          【鄂州政务】A岗不在，请B岗代办：GC20250001-HP X环境影响报告表审批及其…，12月31日到期。
    o.asked           【鄂州政务】请答复委派：GC20250001-HP X环境影响报告表审批及其…，12月31日到期。
    o.copied          【鄂州政务】抄送供了解：GC20250001-HP X环境影响报告表审批及其…。
    o.recusal         【鄂州政务】请决定回避申请：GC20250001-HP X环境影响报告表审批及其…，12月31日到期。
    o.urged           【鄂州政务】催办：GC20250001-HP X环境影响报告表审批及其…，12月31日到期，请尽快办理。
    o.deliver         【鄂州政务】决定待送达：GC20250001-HP X环境影响报告表审批及其…，最迟12月31日。
    o.archive         【鄂州政务】办件GC20250001-HP X待归档，最迟12月31日，缺3份材料。
    n.folded          【鄂州政务】您有3条新通知，请登录平台查看。
    a.received        Ezhou Gov: We have your application GC20250001-HP X. You will hear by 31 Dec whether it is accepted.
    a.correction      Ezhou Gov: GC20250001-HP X: papers need correction (3). Please complete all of them on the platform by 31 Dec.
    a.correction-due  Ezhou Gov: GC20250001-HP X: corrections are due 31 Dec, 7 working days left. Please complete them in time.
    a.accepted        Ezhou Gov: GC20250001-HP X EIA report form approval {{reason... is accepted, promised by 31 Dec.
    a.deemed          Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: accepted by law as of 31 Dec. See the platform for the dates.
    a.not-accepted    Ezhou Gov: GC20250001-HP X EIA report form approval {{reason... is not accepted. The decision on the platform gives reasons and remedies.
    a.tolerant-due    Ezhou Gov: GC20250001-HP X: the papers to follow are due 31 Dec. Without them the case ends.
    a.special         Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: special procedure until about 31 Dec. This time does not count.
    a.resumed         Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: the clock runs again, now due 31 Dec.
    a.extended        Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: time extended to 31 Dec. See the notice for the reasons.
    a.moved           Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: promised date is now 31 Dec. See the platform.
    a.hearing         Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: you may ask for a hearing by 31 Dec.
    a.late            Ezhou Gov: GC20250001-HP X EIA report form approval {{reason... is past its promised date, now expected 31 Dec. The reason is published.
    a.ready           Ezhou Gov: GC20250001-HP X EIA report form approval {{reason...: the result is there. Download it, have it posted or collect it.
    a.refused         Ezhou Gov: GC20250001-HP X EIA report form approval {{reason... is refused. The decision on the platform gives reasons and remedies.
    a.terminated      Ezhou Gov: GC20250001-HP X EIA report form approval {{reason... ended without a decision. See the notice; you may apply again.
    a.admitted        Ezhou Gov: Your project is in the green channel: GC20250001-HP X, valid until 31 Dec.
    a.admission-ended Ezhou Gov: Green-channel admission GC20250001-HP X ends 31 Dec. Accepted matters go on.
    a.quota-wait      Ezhou Gov: GC20250001-HP X: no land quota free, you are on the waiting list (no. 2) and will be told.
    a.quota-reserved  Ezhou Gov: GC20250001-HP X: land quota is reserved until 31 Dec.
    a.funding-gap     Ezhou Gov: GC20250001-HP X: a funding gap remains. Please update the plan by 31 Dec.
    a.urged           Ezhou Gov: Your reminder on GC20250001-HP X was passed on; a reply comes by 31 Dec.
    a.closed          Ezhou Gov: GC20250001-HP X: everything is done. Please rate our service on the platform.
    o.task            Ezhou Gov: New task: GC20250001-HP X EIA report form approval {{reason..., due 31 Dec. Green channel, please take it first.
    o.yellow          Ezhou Gov: Due soon: GC20250001-HP X EIA report form approval {{reason..., 7 working days left, due 31 Dec.
    o.today           Ezhou Gov: Due today: GC20250001-HP X EIA report form approval {{reason.... Decide it or have an extension approved today.
    o.red             Ezhou Gov: Past the promise: GC20250001-HP X EIA report form approval {{reason..., 7 working days late. Decide it and state the reason.
    o.dark            Ezhou Gov: Past the statutory limit: GC20250001-HP X EIA report form approval {{reason..., 7 working days late. Tell the head at once.
    o.special-due     Ezhou Gov: Special procedure ends 31 Dec: GC20250001-HP X EIA report form approval {{reason.... Restart the clock in time.
    o.corrected       Ezhou Gov: Corrections in: GC20250001-HP X EIA report form approval {{reason.... Decide on acceptance by 31 Dec.
    o.consult         Ezhou Gov: Opinion asked: GC20250001-HP X EIA report form approval {{reason.... Reply by 31 Dec.
    o.consult-due     Ezhou Gov: Opinion due 31 Dec: GC20250001-HP X EIA report form approval {{reason.... A missing reply is put on record.
    o.backup          Ezhou Gov: You stand in for: GC20250001-HP X EIA report form approval {{reason..., due 31 Dec.
    o.asked           Ezhou Gov: Please answer: GC20250001-HP X EIA report form approval {{reason..., due 31 Dec.
    o.copied          Ezhou Gov: For information: GC20250001-HP X EIA report form approval {{reason....
    o.recusal         Ezhou Gov: A recusal to decide: GC20250001-HP X EIA report form approval {{reason..., due 31 Dec.
    o.urged           Ezhou Gov: Urged: GC20250001-HP X EIA report form approval {{reason..., due 31 Dec.
    o.deliver         Ezhou Gov: Decided, to be served by 31 Dec: GC20250001-HP X EIA report form approval {{reason....
    o.archive         Ezhou Gov: GC20250001-HP X is to be archived by 31 Dec; 3 paper(s) missing.
    n.folded          Ezhou Gov: You have 3 new notices, please see the platform.
    ");
}

#[test]
fn a_link_inside_a_value_keeps_the_message_from_leaving() {
    let templates = Templates::embedded(Signature::default()).unwrap();
    for item in ["见http://a.b", "请看evil.cn", "www.evil.cn"] {
        let context = Context { item: Text { zh: item.into(), en: item.into() }, ..hostile() };
        let error = templates.short(Kind::AAccepted, Language::Zh, &context).unwrap_err();
        assert!(matches!(error, Unwritable::Fails { .. }), "{item}: {error}");
        assert!(templates.letter(Kind::AAccepted, Language::Zh, &context).is_ok(), "the mail still goes");
    }
}

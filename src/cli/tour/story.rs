//! The story, chapter by chapter. Dates, numbers and lights are what the calendar, the law and the plan make of them; each is expected in words.

use serde_json::{Value, json};

use super::stage::{Stage, opinion, quiet};
use crate::app::seed::{ProjectSeed, Seeds};
use crate::cli::Trouble;

/// The project's number.
const CASE: &str = "GC20250001";
const LAND: &str = "land/2025/420703/new";
const FUND: &str = "fund/2025/grant";

/// Plays all chapters.
pub(super) async fn play(stage: &mut Stage) -> Result<(), Trouble> {
    let seeds = Seeds::embedded().map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let project = |key: &str| {
        let found = seeds.tenants.values().flat_map(|tenant| &tenant.projects).find(|project| &*project.key == key);
        found.cloned().ok_or_else(|| Trouble(format!("the seeds have no project {key}")))
    };
    let (first, earlier) = (project("P1")?, project("P0")?);
    let other = earlier_project(stage, &earlier).await?;
    admission(stage, &first).await?;
    links_open(stage).await?;
    correction(stage, &first).await?;
    waiting(stage).await?;
    evaluation(stage).await?;
    served(stage, &other).await?;
    late(stage).await?;
    gap_closed(stage).await?;
    conclusion(stage).await?;
    stage.verify().await
}

/// The form of a project with its amendments up to the day of `count` of them.
fn form(project: &ProjectSeed, count: usize) -> Value {
    let mut form = Value::Object(project.form.clone());
    for amendment in project.amendments.iter().take(count) {
        for (key, value) in &amendment.set {
            form[key] = value.clone();
        }
    }
    form
}

/// The link with a suffix, as the case's view has it.
fn link<'v>(view: &'v Value, workflow: &str) -> &'v Value {
    view["links"].as_array().and_then(|links| links.iter().find(|link| link["workflow"] == workflow)).unwrap_or(&Value::Null)
}

/// The due day of a link's term.
fn due(view: &Value, workflow: &str, key: &str) -> Option<String> {
    term(view, workflow, key)?["due"].as_str().map(str::to_owned)
}

fn term<'v>(view: &'v Value, workflow: &str, key: &str) -> Option<&'v Value> {
    let scope = &link(view, workflow)["scope"];
    view["terms"].as_array()?.iter().find(|term| term["scope"] == *scope && term["key"] == key)
}

/// The light of a link's term.
fn light(view: &Value, workflow: &str, key: &str) -> Option<String> {
    term(view, workflow, key)?["light"].as_str().map(str::to_owned)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// How many notices of a kind the case has by mail, and how many of them were sent.
async fn notices(stage: &Stage, kind: &str) -> Result<(usize, usize), Trouble> {
    by(stage, kind, "mail").await
}

/// The same by one channel; a kind with a short text goes by mail and by short message, each recorded once.
async fn by(stage: &Stage, kind: &str, channel: &str) -> Result<(usize, usize), Trouble> {
    let all = stage.get(&format!("/notices?case={CASE}"), "ez-ldxz.auditor").await?;
    let of_kind: Vec<&Value> = all.as_array().into_iter().flatten().filter(|notice| notice["kind"] == kind && notice["channel"] == channel).collect();
    Ok((of_kind.len(), of_kind.iter().filter(|notice| notice["sent"] == true).count()))
}

async fn document(stage: &Stage, kind: &str) -> Result<Vec<String>, Trouble> {
    let all = stage.get(&format!("/cases/{CASE}/documents"), "ez-ldxz.sup-clerk").await?;
    let of_kind = all.as_array().into_iter().flatten().filter(|document| document["kind"] == kind);
    Ok(of_kind.map(|document| document["number"].as_str().unwrap_or("-").to_owned()).collect())
}

/// Free and reserved of an account.
async fn balance(stage: &Stage, account: &str) -> Result<(Option<i64>, Option<i64>, Option<i64>), Trouble> {
    let all = stage.get("/accounts", "ez-ldxz.sup-clerk").await?;
    let found = all.as_array().into_iter().flatten().find(|line| line["account"] == account).cloned().unwrap_or_default();
    Ok((found["free"].as_i64(), found["reserved"].as_i64(), found["used"].as_i64()))
}

async fn earlier_project(stage: &mut Stage, project: &ProjectSeed) -> Result<String, Trouble> {
    stage.until("2025-03-03", 8, 40).await?;
    stage.tell(
        "演示项目零先到一步：园区核实、“一张图”核对后，从 2025 年新增指标 8.0000 公顷中预留 4.0000 公顷。",
        "Project zero is a step ahead: checked by the zone and on the map, it reserves 4.0000 of this year's 8.0000 hectares.",
    );
    let receipt = stage.start("lin", "land-quota", form(project, 0)).await?;
    let other = receipt["case"].as_str().unwrap_or_default().to_owned();
    stage.answer(&other, "park-check", "support", opinion("产业、投资强度、容积率符合要求，支持。")).await?;
    stage.answer(&other, "one-map", "ok", opinion("不涉永久基本农田和生态保护红线。")).await?;
    stage.answer(&other, "match_idle", "none", opinion("无合适存量用地。")).await?;
    let found = balance(stage, LAND).await?;
    stage.expect("葛店开发区新增指标：可用 4.0000 公顷，预留 4.0000 公顷 4 ha free, 4 ha reserved", (Some(40_000), Some(40_000), Some(0)), found);
    Ok(other)
}

async fn admission(stage: &mut Stage, project: &ProjectSeed) -> Result<(), Trouble> {
    stage.until("2025-03-03", 9, 30).await?;
    stage.tell("陈工在网上提交绿色通道认定申请，当场拿到收件凭证。", "Engineer Chen applies online and gets a receipt on the spot.");
    let receipt = stage.start("chen", "green-channel", form(project, 0)).await?;
    stage.expect("办件编号 the case's number", Some(CASE), receipt["number"].as_str());
    let found = document(stage, "receipt").await?.len();
    stage.expect("收件凭证 1 份 one receipt", 1, found);
    let found = notices(stage, "a.received").await?;
    stage.expect("收件通知已发给申请人 the applicant was told", (1, 1), found);
    let found = by(stage, "a.received", "sms").await?;
    stage.expect("短信也到了 and by short message", (1, 1), found);

    stage.until("2025-03-04", 10, 0).await?;
    stage.tell("初核发现缺“产业政策声明”，一次性告知补充。", "The first check misses the statement on industrial policy and says so, once and whole.");
    let missing = json!({"items": [{"item": "符合产业政策的声明", "why": "申请人签署"}]});
    let said = super::stage::Said { opinion: Some("请补充符合产业政策的声明。"), fields: Some(missing), form: None };
    stage.answer(CASE, "check", "needs-correction", said).await?;

    stage.until("2025-03-06", 15, 0).await?;
    stage.tell("陈工补齐声明。", "Chen adds the statement.");
    stage.answer(CASE, "correct", "resubmitted", super::stage::Said { form: Some(form(project, 1)), ..quiet() }).await?;

    stage.until("2025-03-07", 9, 30).await?;
    stage.tell(
        "初核通过，同时征求发改、自然资源、生态环境、园区四家意见，三个工作日内反馈。",
        "The check passes; four offices are asked at once, three working days each.",
    );
    stage.answer(CASE, "check", "ok", opinion("材料齐全，符合条件，拟同意。")).await?;
    let view = stage.case(CASE).await?;
    let asked = view["tasks"].as_array().map_or(0, Vec::len);
    stage.expect("四家同时收到 four tasks open at once", 4, asked);
    let task = view["tasks"].as_array().and_then(|tasks| tasks.iter().find(|task| task["step"] == "ask-land")).cloned().unwrap_or_default();
    stage.expect("国土局的职责由自然资源和规划局承继 the land office's successor is asked", Some("ez-zrzy"), task["offices"][0].as_str());
    stage.expect("三个工作日到 03-12 three working days end on 12 March", Some("2025-03-12"), task["due"].as_str());

    for (date, step) in [("2025-03-10", "ask-planning"), ("2025-03-11", "ask-zone")] {
        stage.until(date, 14, 0).await?;
        stage.answer(CASE, step, "agree", quiet()).await?;
    }
    let found = notices(stage, "o.consult-due").await?;
    stage.expect("到期前一日提醒了还没反馈的三家 the three that had not replied were reminded a day before", (3, 3), found);
    stage.until("2025-03-12", 10, 0).await?;
    stage.answer(CASE, "ask-land", "agree", quiet()).await?;
    stage.answer(CASE, "ask-environment", "agree-with-conditions", opinion("同意。开工前完成环评。")).await?;
    stage.tell(
        "意见齐，领导小组授权组长签批认定；按决策表定为 B 级，公示五个工作日。",
        "All have replied; the leading group admits the project; the table makes it class B; five working days of public notice.",
    );
    stage.answer(CASE, "decide-admission", "admitted", opinion("同意认定。")).await?;
    let rank = stage.case(CASE).await?["rank"].as_i64();
    stage.expect("等级 B class B", Some(1), rank);

    stage.until("2025-03-20", 9, 30).await?;
    stage.tell("公示期满无异议，发《绿色通道项目认定书》。", "The notice ends without objection; the certificate is issued.");
    let found = document(stage, "admission").await?;
    stage.expect("认定书编号 the certificate's number", vec!["GT-420700-2025-0001".to_owned()], found);
    Ok(())
}

async fn links_open(stage: &mut Stage) -> Result<(), Trouble> {
    stage.tell("综合窗口分送，四个环节同日打开，各办各的。", "The one-stop counter dispatches; four links open the same day, each on its own.");
    stage.answer(CASE, "intake", "dispatched", quiet()).await?;
    let view = stage.case(CASE).await?;
    for (workflow, number) in [
        ("project-approval", "GC20250001-LX"),
        ("eia", "GC20250001-HP"),
        ("land-quota", "GC20250001-YD"),
        ("land-prereview", "GC20250001-YS"),
        ("funding", "GC20250001-ZJ"),
    ] {
        stage.expect(&format!("子办件 {number}"), Some(number), link(&view, workflow)["number"].as_str());
    }
    stage.tell(
        "立项：四项信息齐全，收到即为备案，当场出具备案证，不等任何人。",
        "Approval: the four items are complete, so it is filed on receipt, waiting for nobody.",
    );
    stage.expect("立项环节已备案 the first link is done", Some("filed"), link(&view, "project-approval")["result"].as_str());
    let found = document(stage, "filing-proof").await?;
    stage.expect("备案证号 the filing's number", vec!["鄂州发改备〔2025〕1号".to_owned()], found);
    let inbox = stage.get("/inbox", "ez-sthj.receiver").await?;
    stage.expect("环评窗口的待办里有它 it is in the counter's inbox", Some("GC20250001-HP"), inbox["tasks"][0]["number"].as_str());
    Ok(())
}

async fn correction(stage: &mut Stage, project: &ProjectSeed) -> Result<(), Trouble> {
    stage.until("2025-03-21", 10, 0).await?;
    stage.tell(
        "环评：缺公开版和删除涉密内容的说明，一次性补正告知。补正在受理之前，办理时限还没有起算。",
        "EIA: the public version and a note are missing. Correction comes before acceptance, so no limit runs yet.",
    );
    stage.answer(CASE, "kickoff", "plan-agreed", opinion("路线图、时间表、责任人已商定。")).await?;
    let missing = json!({"items": [{"item": "报告表公开版"}, {"item": "删除涉密、商密内容的说明"}]});
    let said = super::stage::Said { opinion: Some("请一次补齐。"), fields: Some(missing), form: None };
    stage.answer(CASE, "accept", "needs-correction", said).await?;
    let found = due(&stage.case(CASE).await?, "eia-report-form", "promised");
    stage.expect("承诺时限未起算 no promise runs", None, found);

    stage.until("2025-03-24", 9, 30).await?;
    stage.tell(
        "环评补齐，当日受理：承诺七个工作日，法定三十日自收到之日起。公示期间不计入承诺。",
        "EIA is complete and accepted: seven working days promised, thirty days by law from receipt; notices do not count.",
    );
    stage.answer(CASE, "correct", "resubmitted", super::stage::Said { form: Some(form(project, 2)), ..quiet() }).await?;
    stage.answer(CASE, "accept", "accepted", opinion("材料齐全，符合法定形式，予以受理。")).await?;
    let view = stage.case(CASE).await?;
    stage.expect("法定到期日 04-23 the statutory day", some("2025-04-23"), due(&view, "eia-report-form", "statutory"));
    stage.expect("承诺时限因公示停着 the promise stands still", some("grey"), light(&view, "eia-report-form", "promised"));
    stage.tell("资金：初核通过，出具融资推荐函。", "Funding: the plan is checked, the referral issued.");
    stage.answer(CASE, "check", "ok", opinion("来源合计等于总投资，资本金比例 40%。")).await?;
    Ok(())
}

async fn waiting(stage: &mut Stage) -> Result<(), Trouble> {
    stage.until("2025-03-25", 10, 0).await?;
    stage.tell("用地：园区核实支持，承诺十个工作日起算。", "Land: the zone supports it; ten working days begin.");
    stage.answer(CASE, "park-check", "support", opinion("支持。投资强度 366.67 万元/亩。")).await?;
    stage.until("2025-03-27", 10, 0).await?;
    stage.answer(CASE, "one-map", "ok", opinion("城镇开发边界内，不涉保护红线。")).await?;
    stage.until("2025-03-28", 10, 0).await?;
    stage.tell(
        "存量没有合适的；要 5.0000 公顷，只剩 4.0000，列候补第 1 位，时限停下。账户不会透支。",
        "No idle land fits; it asks 5 hectares, 4 are free. It waits, first in line, and the clock stops. The account cannot overdraw.",
    );
    stage.answer(CASE, "match_idle", "none", opinion("S-03 面积不足，S-05 为仓储用途。")).await?;
    let found = balance(stage, LAND).await?;
    stage.expect("余额不变 the balance is untouched", (Some(40_000), Some(40_000), Some(0)), found);
    let view = stage.case(CASE).await?;
    let place = view["waiting"][0].clone();
    stage.expect("候补 50,000 平方米 waits for 50,000 m²", (Some(LAND), Some(50_000)), (place["account"].as_str(), place["amount"].as_i64()));
    stage.expect("用地灯：灰 the land light is grey", some("grey"), light(&view, "land-quota", "promised"));
    Ok(())
}

async fn evaluation(stage: &mut Stage) -> Result<(), Trouble> {
    stage.until("2025-03-31", 10, 0).await?;
    stage.tell(
        "环评：提出并批准技术评估，特别程序告知书送达，预计八个工作日（清明 04-04 不计）。",
        "EIA: an evaluation is proposed and approved, the notice of special procedure served: eight working days, 4 April is a holiday.",
    );
    let told = json!({"basis": "建设项目环境保护管理条例 9", "expected_days": 8});
    let said = super::stage::Said { opinion: Some("拟委托技术评估。"), fields: Some(told), form: None };
    stage.answer(CASE, "propose-evaluation", "commission", said).await?;
    stage.answer(CASE, "approve-evaluation", "approved", opinion("同意启动特别程序。")).await?;
    let view = stage.case(CASE).await?;
    let task = view["tasks"].as_array().and_then(|tasks| tasks.iter().find(|task| task["step"] == "evaluate")).cloned().unwrap_or_default();
    let own = view["terms"].as_array().and_then(|terms| terms.iter().find(|term| term["key"] == "evaluate")).cloned().unwrap_or_default();
    stage.expect("技术评估办理中 the evaluation is open", false, task.is_null());
    stage.expect("特别程序到 04-11 it ends on 11 April", Some("2025-04-11"), own["due"].as_str());
    stage.until("2025-04-09", 9, 30).await?;
    let found = notices(stage, "o.special-due").await?;
    stage.expect("到期前两个工作日提醒了承办和科长 handler and section head were reminded two working days before", (2, 2), found);
    stage.until("2025-04-11", 15, 0).await?;
    stage.tell("评估意见可行，恢复计时。", "The evaluation says feasible; the clock runs again.");
    stage.answer(CASE, "evaluate", "feasible", opinion("评估意见：可行。")).await?;
    let view = stage.case(CASE).await?;
    stage.expect("承诺到期日 04-22 the promised day", some("2025-04-22"), due(&view, "eia-report-form", "promised"));
    stage.expect(
        "法定到期日 05-06（剔除 11 日后落在五一假期，顺延）the statutory day, rolled past the May holiday",
        some("2025-05-06"),
        due(&view, "eia-report-form", "statutory"),
    );
    Ok(())
}

async fn served(stage: &mut Stage, other: &str) -> Result<(), Trouble> {
    stage.until("2025-04-15", 9, 30).await?;
    stage.answer(CASE, "examine", "support", opinion("经审查，符合审批条件，拟同意，请审议。")).await?;
    stage.tell(
        "演示项目零撤回申请，4.0000 公顷释放；候补第 1 位随即补上。",
        "Project zero withdraws and frees its 4 hectares; the first in line is served at once.",
    );
    stage.withdraw("lin", other, "投资计划调整。").await?;
    let found = balance(stage, LAND).await?;
    stage.expect("P1 预留 5.0000 公顷，可用 3.0000 5 ha reserved, 3 ha free", (Some(30_000), Some(50_000), Some(0)), found);
    let view = stage.case(CASE).await?;
    stage.expect("用地承诺到期日 04-24（候补 03-29 至 04-15 不计）the promised day for land", some("2025-04-24"), due(&view, "land-quota", "promised"));

    stage.until("2025-04-16", 10, 0).await?;
    stage.tell(
        "四环节之外，联合踏勘、联合审查；它不作决定，也没有人等它。",
        "Beside the links a joint review is held; it decides nothing and nobody waits for it.",
    );
    stage.answer(CASE, "convene", "convened", opinion("请各单位到会。")).await?;
    stage.answer(CASE, "meet", "consensus", opinion("各单位意见一致。")).await?;
    let found = document(stage, "minutes").await?;
    stage.expect("联合审查纪要 the minutes", vec!["联审纪要〔2025〕1号".to_owned()], found);
    stage.until("2025-04-17", 10, 0).await?;
    stage.answer(CASE, "meeting", "approve", opinion("会审同意预留 5.0000 公顷。")).await?;
    stage.until("2025-04-18", 10, 0).await?;
    stage.answer(CASE, "sign-letter", "issued", opinion("同意。")).await?;
    let view = stage.case(CASE).await?;
    stage.tell("用地环节办结，通知书送出，不等环评。", "The land link is done and its letter leaves; it does not wait for the EIA.");
    stage.expect("用地环节办结 the land link is done", Some("granted"), link(&view, "land-quota")["result"].as_str());
    let found = document(stage, "quota-letter").await?;
    stage.expect("预留通知书 the letter", vec!["鄂州自然资指标〔2025〕1号".to_owned()], found);
    Ok(())
}

async fn late(stage: &mut Stage) -> Result<(), Trouble> {
    stage.until("2025-04-21", 9, 30).await?;
    stage.tell(
        "环评承诺时限只剩一个工作日：黄灯，提醒承办和科长。",
        "One working day is left of the EIA's promise: yellow; handler and section head are reminded.",
    );
    let found = light(&stage.case(CASE).await?, "eia-report-form", "promised");
    stage.expect("黄灯 yellow", some("yellow"), found);
    let (recorded, sent) = notices(stage, "o.yellow").await?;
    stage.expect("临期提醒都已发出 every reminder was sent", (recorded, true), (sent, recorded >= 2));
    let said = super::stage::Said { opinion: Some("按批复口径登记。"), fields: Some(approved([9_800, 0, 12_000, 1_000, 2_000])), form: None };
    stage.answer(CASE, "record", "recorded", said).await?;
    let open = stage.case(CASE).await?["tasks"].as_array().is_some_and(|tasks| tasks.iter().any(|task| task["step"] == "record"));
    stage.expect("资金缺口 7,200.00 万元，继续登记 a gap of 72 million yuan keeps the link open", true, open);

    stage.until("2025-04-23", 9, 30).await?;
    stage.tell(
        "环评超过承诺：红灯。报科长和督办科，向申请人说明。",
        "The EIA is past its promise: red. Section head and supervisors are told, the applicant gets the reason.",
    );
    let view = stage.case(CASE).await?;
    stage.expect("红灯 red", some("red"), light(&view, "eia-report-form", "promised"));
    let escalated = stage.get(&format!("/notices?case={CASE}"), "ez-ldxz.auditor").await?;
    let to_supervisor = escalated
        .as_array()
        .into_iter()
        .flatten()
        .filter(|notice| notice["kind"] == "o.red" && notice["recipient"] == "赵督办" && notice["sent"] == true)
        .count();
    stage.expect("督办科收到超时通报 the supervisors were told", true, to_supervisor >= 1);
    let term = term(&view, "eia-report-form", "promised").map(|term| term["term"].clone()).unwrap_or_default();
    stage.state_reason("ez-sthj.section-head", CASE, (&term, "2025-05-12"), "专家评审补充现状监测数据，延后出具评审意见。").await?;
    let found = notices(stage, "a.late").await?;
    stage.expect("申请人收到超时说明 the applicant was told why", (1, 1), found);
    let found = by(stage, "a.late", "sms").await?;
    stage.expect("短信也说了一声 and by short message", (1, 1), found);
    stage.tell(
        "当日审议通过，才启动拟决定公示：时限已过，红灯不变灰。",
        "Only now the panel approves and the draft's public notice begins: the limit has passed, red does not turn grey.",
    );
    stage.answer(CASE, "panel", "approve", opinion("集体审议同意。")).await?;
    let view = stage.case(CASE).await?;
    stage.expect("公示期间仍是红灯 still red during the notice", some("red"), light(&view, "eia-report-form", "promised"));
    stage.expect("到期日不动 the date does not move", some("2025-04-22"), due(&view, "eia-report-form", "promised"));
    Ok(())
}

/// Approved amounts in ten thousand yuan, as fields in 分: own, equity, loan, grant, lease.
fn approved(amounts: [i64; 5]) -> Value {
    const FEN_PER_TEN_THOUSAND_YUAN: i64 = 1_000_000;
    let [own, equity, loan, grant, lease] = amounts.map(|amount| amount * FEN_PER_TEN_THOUSAND_YUAN);
    json!({"own_fen": own, "equity_fen": equity, "loan_fen": loan, "grant_fen": grant, "lease_fen": lease})
}

async fn gap_closed(stage: &mut Stage) -> Result<(), Trouble> {
    stage.until("2025-04-30", 10, 0).await?;
    stage.tell(
        "环评拟决定公示五个工作日（04-27 周日上班）期满，签发批复。",
        "The notice of five working days (Sunday 27 April is one) is over; the approval is signed.",
    );
    stage.answer(CASE, "sign", "granted", opinion("同意，按程序办理。")).await?;
    let found = document(stage, "approval").await?;
    stage.expect("环评批复文号 the approval's number", vec!["鄂州环审〔2025〕1号".to_owned()], found);
    stage.tell(
        "资金：基金、银行、企业增资先后落实，缺口归零；财政专项从资金账户安排。",
        "Funding: fund, bank and owner close the gap; the grant is taken from its account.",
    );
    let said = super::stage::Said { opinion: Some("缺口归零。"), fields: Some(approved([10_000, 3_000, 16_000, 1_000, 2_000])), form: None };
    stage.answer(CASE, "record", "recorded", said).await?;
    stage.answer(CASE, "close", "met", opinion("资金已全部落实。")).await?;
    let used = balance(stage, FUND).await?.2;
    stage.expect("财政专项 1,000.00 万元已用 the grant is used", Some(1_000_000_000), used);
    let found = link(&stage.case(CASE).await?, "funding")["result"].as_str().map(str::to_owned);
    stage.expect("资金环节办结 the funding link is done", some("met"), found);
    Ok(())
}

async fn conclusion(stage: &mut Stage) -> Result<(), Trouble> {
    stage.until("2025-05-06", 10, 0).await?;
    stage.tell(
        "节后第一个工作日，窗口送达环评批复（决定后十个工作日内）。",
        "On the first working day after the holiday the approval is served, within ten working days.",
    );
    stage.answer(CASE, "deliver", "handed", opinion("陈工到窗口签收。")).await?;
    let view = stage.case(CASE).await?;
    stage.expect("环评环节办结 the EIA link is done", Some("granted"), link(&view, "eia")["result"].as_str());
    stage.until("2025-05-07", 10, 0).await?;
    stage.tell("四个环节办结，出具办结告知单，分头归档。", "All four links are done; the closing statement is issued and the files go to the archive.");
    stage.answer(CASE, "conclude", "all-done", opinion("四个环节全部办结。")).await?;
    stage.until("2025-05-20", 10, 0).await?;
    for step in ["archive-approval", "archive-eia", "archive-land", "archive-funding", "archive-main"] {
        stage.answer(CASE, step, "archived", quiet()).await?;
    }
    let view = stage.case(CASE).await?;
    stage.expect("办结归档 closed and archived", Some("closed"), view["result"].as_str());
    stage.expect("没有剩下的待办 no task is left", Some(0), view["tasks"].as_array().map(Vec::len));
    let count = |folder: &str| std::fs::read_dir(stage.home.join(folder)).map_or(0, |files| files.filter_map(Result::ok).count());
    let (mails, short) = (count("outbox"), count("sms"));
    stage.tell(
        &format!("全程发出邮件 {mails} 封、短信 {short} 条，都在数据文件夹的 outbox 和 sms 里。"),
        &format!("{mails} mails and {short} short messages left on the way; they lie in the data folder's outbox and sms."),
    );
    stage.expect("有邮件和短信发出 mails and short messages left", true, mails > 0 && short > 0);
    Ok(())
}

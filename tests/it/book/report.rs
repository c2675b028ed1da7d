//! The report upwards (WH 四（三）): a snapshot is taken when it is drafted, nothing is sent before consent, and what happens later is not in what was sent.

use greenlane::app::execute::{Act, Answer};
use greenlane::app::failure::Failure;
use greenlane::exports::frozen::check;
use greenlane::ids::CaseId;
use serde_json::{Value, json};

use crate::apply::desk::Desk;
use crate::spine::node::{Where, on_both};

const MIDDLE: (&str, u32, u32) = ("2025-03-31", 12, 0);
const LATER: (&str, u32, u32) = ("2025-04-16", 12, 0);
const SUPERVISOR: &str = "ez-ldxz.sup-clerk";

async fn answer(desk: &Desk, case: CaseId, (step, outcome): (&str, &str), fields: Option<Value>) -> Result<i64, Failure> {
    let (task, open) = desk.house.task(case, step).await;
    let login = desk.house.doer(case, &open).await;
    let answer = Answer { opinion: Some("同意。".to_owned()), fields, form: None };
    desk.house.act(Some(case), &login, Act::Complete { task, outcome: outcome.into(), answer }).await.map(|receipt| receipt.version)
}

async fn steps(desk: &Desk, case: CaseId) -> Vec<String> {
    let working = desk.house.node.app.working(desk.house.tenant, case).await.unwrap();
    working.state.tasks.values().map(|task| task.step.to_string()).collect()
}

/// The digest that stands in the case for the snapshot.
async fn snapshot(desk: &Desk, case: CaseId) -> String {
    let file = desk.house.node.app.casefile(desk.house.tenant, case).await.unwrap();
    let done = file.working.state.scopes[&0].done["draft"].clone();
    file.fields(done.body).and_then(|fields| fields["snapshot"].as_str().map(str::to_owned)).expect("the answer holds the digest")
}

#[test]
fn seed_12_a_report_is_sent_after_consent_alone_and_later_data_do_not_change_it() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.house.play(MIDDLE).await;
        let form = json!({"subject": "2025 年 3 月推进情况", "to": "市创新办"});
        let start = Act::Start { workflow: "upward-report".into(), form: Some(form), rank: 9 };
        let case = desk.house.act(None, "ez-ggb.receiver", start).await.unwrap_or_else(|failure| panic!("{failure}")).case;
        let wrong = answer(&desk, case, ("draft", "drafted"), Some(json!({"period": "三月", "summary": "都开工了。"}))).await;
        assert!(matches!(&wrong, Err(Failure::Refused(refusal)) if refusal.code == "period_not_read"), "{wrong:?}");
        // Whoever says what the digest is does not decide it.
        let fields = json!({"period": "2025-03", "summary": "都开工了。", "snapshot": "0".repeat(64)});
        answer(&desk, case, ("draft", "drafted"), Some(fields)).await.unwrap_or_else(|failure| panic!("{failure}"));
        let digest = snapshot(&desk, case).await;
        assert_ne!(digest, "0".repeat(64));
        let sent = desk.get(SUPERVISOR, &format!("/ledger/frozen/{digest}")).await;
        sent.says(&digest);
        answer(&desk, case, ("check", "signed"), None).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(steps(&desk, case).await, ["consent"], "there is nothing to send before consent");
        desk.house.play_on(Some(MIDDLE), LATER).await;
        answer(&desk, case, ("consent", "consented"), None).await.unwrap_or_else(|failure| panic!("{failure}"));
        answer(&desk, case, ("release", "sent"), None).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(snapshot(&desk, case).await, digest, "what was frozen is what was sent");
        let frozen = desk.house.node.app.frozen_ledger(desk.house.tenant, &digest).await.unwrap_or_else(|failure| panic!("{failure}"));
        let copy = desk.get(SUPERVISOR, &format!("/ledger/frozen/{}/2", frozen.id)).await;
        assert_eq!(check(&copy.bytes).unwrap_or_else(|broken| panic!("{broken}")).digest.to_string(), digest);
        // The same period frozen now is another ledger.
        let asked = greenlane::app::frozen::FreezeAsked { period: "2025-03".to_owned(), ..Default::default() };
        let actor = greenlane::identity::Actor::Operator("test".to_owned());
        let now = desk.house.node.app.freeze_ledger(desk.house.tenant, actor, None, &asked).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_ne!(now.digest.to_string(), digest);
        // The case's page leads to what was sent.
        desk.get(SUPERVISOR, &format!("/cases/{case}")).await.says(&format!("/ledger/frozen/{digest}"));
        desk.house.holds().await;
        desk.close().await;
    });
}

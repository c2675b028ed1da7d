//! The rarer acts on a case, ready to be sent: each with the case at the point where the act may be done.

use greenlane::app::execute::{Act, Answer as Said};
use greenlane::app::handover::Proposal;
use greenlane::app::people::Change;
use greenlane::app::register;
use greenlane::definition::graph::{GroupPass, OnRefusal};
use greenlane::engine::case::{Adding, Local};
use greenlane::engine::command::NewGroup;
use greenlane::ids::CaseId;

use super::forms::{HANDLER, Ready, operator, pairs, plain};
use super::{Form, Trial};

/// A task, then a seat among two, so that every act has its place.
pub const WORKFLOW: &str = r#"
workflow: deeds
title: {zh: 演示办件, en: Demonstration of acts}
nature: service
basis: [测试用]
people:
  handler: {office: ez-sthj, post: handler}
  head: {office: ez-sthj, post: head}
steps:
  examine:
    title: {zh: 审查, en: Examine}
    task: {by: handler, outcomes: [ok]}
    allow: [batch]
    next: sign
  sign:
    title: {zh: 会签, en: Sign}
    approve: {by: [handler, head], rule: all, on-refusal: end}
    next: {approved: granted, rejected: refused}
  granted: {title: {zh: 办结, en: Done}, end: granted}
  refused: {title: {zh: 不予, en: Refused}, end: refused}
"#;

const COLLEAGUE: &str = "ez-sthj.handler-b";
const SECTION_HEAD: &str = "ez-sthj.section-head";

impl Trial {
    /// A case at its first step, or with its group open.
    async fn begun(&self, signing: bool) -> (CaseId, Local) {
        let house = &self.desk.house;
        let case = house.act(None, "chen", Act::Start { workflow: "deeds".into(), form: None, rank: 9 }).await.unwrap().case;
        let (task, _) = house.task(case, "examine").await;
        if !signing {
            return (case, task);
        }
        self.does(case, HANDLER, Act::Complete { task, outcome: "ok".into(), answer: said("审查无误。") }).await;
        (case, house.task(case, "sign").await.0)
    }

    async fn does(&self, case: CaseId, login: &str, act: Act) {
        self.desk.house.act(Some(case), login, act).await.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// The page of an act, with what is typed into it.
    pub async fn deed(&self, key: &'static str) -> Ready {
        let house = &self.desk.house;
        let (case, task) = self.begun(["add-signers", "remove-signer", "take-back"].contains(&key)).await;
        let (handler, colleague) = (house.person(HANDLER).await, house.person(COLLEAGUE).await);
        let opinion = || Some("请您看看。".to_owned());
        let (to, from) = (colleague.to_string(), handler.to_string());
        let mut login = HANDLER;
        let mut about = format!("?task={task}");
        let mut typed = pairs(&[("opinion", "按规定办理。")]);
        match key {
            "transfer" | "delegate" => typed.extend(pairs(&[("to", &to)])),
            "reply" | "recall" => {
                self.does(case, HANDLER, Act::Claim { task }).await;
                self.does(case, HANDLER, Act::Delegate { task, to: colleague, opinion: opinion() }).await;
                login = if key == "reply" { COLLEAGUE } else { HANDLER };
            }
            "add-signers" => typed.extend(pairs(&[("place", "beside"), ("seat", "ez-sthj/legal"), ("rule", "all")])),
            "remove-signer" => {
                let group = NewGroup { seats: vec![("ez-sthj".into(), "legal".into())], pass: GroupPass::All, on_refusal: OnRefusal::End };
                self.does(case, HANDLER, Act::AddSigners { task, place: Adding::Beside, group, opinion: opinion() }).await;
                let working = house.node.app.working(house.tenant, case).await.unwrap();
                let added = working.state.tasks.keys().max().unwrap().to_string();
                typed.extend(pairs(&[("member", &added)]));
                about = String::new();
            }
            "take-back" => about = "?scope=0&step=examine".to_owned(),
            "ask-recusal" => typed.extend(pairs(&[("to", &from)])),
            "decide-recusal" => {
                self.does(case, HANDLER, Act::AskRecusal { task, of: handler, opinion: opinion() }).await;
                login = SECTION_HEAD;
                typed.extend(pairs(&[("agreed", "yes")]));
            }
            "copy" => {
                typed.extend(pairs(&[("to", &to)]));
                about = String::new();
            }
            "urge" => {
                login = "chen";
                typed.extend(pairs(&[("task", &task.to_string())]));
            }
            "comment" => about = String::new(),
            other => panic!("no act {other}"),
        }
        if key == "recall" {
            typed.clear();
        }
        let number = house.node.app.working(house.tenant, case).await.unwrap().row.number.unwrap_or_else(|| case.to_string());
        let action = format!("/cases/{number}/do/{key}");
        Ready { typed, action: action.clone(), case: Some(case), ..plain(login, &format!("{action}{about}"), &[]) }
    }

    /// The forms of one's office, and many tasks of one step.
    pub async fn in_the_office(&self, form: Form, nth: usize) -> Ready {
        let house = &self.desk.house;
        let register = Some(register::case_of(house.tenant));
        let person = async |post: &str| house.person(&format!("ez-sthj.{post}")).await;
        let away = |month: u8| (format!("2025-{month:02}-{:02}", nth + 4), "ez-sthj.handler/ez-sthj/handler");
        let ready = match form {
            Form::Away => {
                let (day, whose) = away(8);
                plain(HANDLER, "/office", &[("whose", whose), ("from", &day), ("until", &day), ("substitute", "")])
            }
            Form::Back => {
                let (day, whose) = away(9);
                let from = day.parse().unwrap();
                let (login, office, post) = (HANDLER.to_owned(), "ez-sthj".to_owned(), "handler".to_owned());
                let change = Change::Away { login, office, post, from, until: from, substitute: None };
                house.node.app.manage(house.tenant, operator(), None, &change).await.unwrap_or_else(|failure| panic!("{failure}"));
                let before = from.pred_opt().unwrap().to_string();
                plain(HANDLER, "/office", &[("whose", whose), ("from", &day), ("until", &before)])
            }
            Form::Handover => {
                let giver = format!("ez-sthj.{}", ["legal", "seal", "archivist", "liaison"][nth]);
                plain(SECTION_HEAD, "/office", &[("giver", &giver), ("taker", COLLEAGUE), ("overseer", SECTION_HEAD), ("reason", "调离")])
            }
            Form::SignHandover => {
                let giver = person(["receiver", "handler", "deputy-head", "handler-b"][nth]).await;
                let (taker, overseer) = (person("section-head").await, person("head").await);
                let proposal = Proposal { giver, taker, overseer, reason: "调离".to_owned() };
                let made = house.node.app.propose_handover(house.tenant, overseer, None, proposal).await.unwrap_or_else(|failure| panic!("{failure}"));
                let ready = plain(SECTION_HEAD, "/office", &[("act", "sign")]);
                return Ready { action: format!("/office/handovers/{}", made.id), case: register, ..ready };
            }
            Form::Batch => {
                let (case, task) = self.begun(false).await;
                let item = format!("{case}.{task}");
                let typed = [("item", item.as_str()), ("outcome", "ok"), ("opinion", "审查无误。")];
                let ready = plain(HANDLER, "/inbox/batch?link=deeds&step=examine", &typed);
                return Ready { action: "/inbox/batch".to_owned(), case: Some(case), ..ready };
            }
            other => panic!("{other:?} is no form of an office"),
        };
        let action = match form {
            Form::Away => "/office/away",
            Form::Back => "/office/back",
            _ => "/office/handovers",
        };
        Ready { action: action.to_owned(), case: register, ..ready }
    }
}

fn said(opinion: &str) -> Said {
    Said { opinion: Some(opinion.to_owned()), ..Said::default() }
}

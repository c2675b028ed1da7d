//! The story every test of the pages lives in: two projects through the green channel from 2025-03-03 on, scene by scene.
//! Invariant: it is one table, played through `app` where a test only needs what happened, and through pages where the pages are tested. Never: a date computed here.

use serde_json::{Value, json};

/// A project of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Project {
    /// P1 of the seeds: the one that is followed.
    Main,
    /// P0: it has reserved land when the main one asks for it.
    Earlier,
    /// N1: an ordinary case outside the channel.
    Ordinary,
}

impl Project {
    /// Its key in the seeds, its workflow as the story starts it, who files it.
    pub const fn seed(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Main => ("P1", "green-channel", "chen"),
            Self::Earlier => ("P0", "land-quota", "lin"),
            Self::Ordinary => ("N1", "eia", "fang"),
        }
    }
}

/// What is said beside an outcome.
#[derive(Clone, Copy, Debug)]
pub enum Said {
    Nothing,
    /// What is missing, and what is required of it.
    Items(&'static [(&'static str, &'static str)]),
    /// A special procedure: its basis, and how many working days.
    Special(&'static str, u32),
    /// Approved amounts in ten thousand yuan: own, equity, loan, grant, lease.
    Funds([i64; 5]),
    /// The form with the first so many of the project's amendments.
    Form(usize),
}

/// Something somebody does.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// The applicant files.
    Files,
    /// Whoever may do the step's task claims it and ends it.
    Ends { step: &'static str, outcome: &'static str, opinion: &'static str, said: Said },
    /// The applicant withdraws.
    Withdraws(&'static str),
}

/// One scene.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The day, the hour, the minute.
    pub at: (&'static str, u32, u32),
    pub project: Project,
    pub does: Does,
}

const FEN_PER_TEN_THOUSAND_YUAN: i64 = 1_000_000;

impl Said {
    /// As the fields of an answer.
    pub fn fields(self) -> Option<Value> {
        match self {
            Self::Nothing | Self::Form(_) => None,
            Self::Items(items) => Some(json!({"items": items.iter().map(|(item, why)| json!({"item": item, "why": why})).collect::<Vec<_>>()})),
            Self::Special(basis, days) => Some(json!({"basis": basis, "expected_days": days})),
            Self::Funds(amounts) => {
                let [own, equity, loan, grant, lease] = amounts.map(|amount| amount * FEN_PER_TEN_THOUSAND_YUAN);
                Some(json!({"own_fen": own, "equity_fen": equity, "loan_fen": loan, "grant_fen": grant, "lease_fen": lease}))
            }
        }
    }
}

const fn files(at: (&'static str, u32, u32), project: Project) -> Scene {
    Scene { at, project, does: Does::Files }
}

const fn ends(at: (&'static str, u32, u32), project: Project, step: &'static str, outcome: &'static str, opinion: &'static str, said: Said) -> Scene {
    Scene { at, project, does: Does::Ends { step, outcome, opinion, said } }
}

const fn main(at: (&'static str, u32, u32), step: &'static str, outcome: &'static str, opinion: &'static str) -> Scene {
    ends(at, Project::Main, step, outcome, opinion, Said::Nothing)
}

const fn says(at: (&'static str, u32, u32), step: &'static str, outcome: &'static str, opinion: &'static str, said: Said) -> Scene {
    ends(at, Project::Main, step, outcome, opinion, said)
}

/// From the first form to the archive.
pub const SCENES: &[Scene] = &[
    files(("2025-03-03", 8, 35), Project::Ordinary),
    files(("2025-03-03", 8, 40), Project::Earlier),
    ends(("2025-03-03", 8, 45), Project::Earlier, "park-check", "support", "产业、投资强度、容积率符合要求，支持。", Said::Nothing),
    ends(("2025-03-03", 8, 50), Project::Earlier, "one-map", "ok", "不涉永久基本农田和生态保护红线。", Said::Nothing),
    ends(("2025-03-03", 8, 55), Project::Earlier, "match_idle", "none", "无合适存量用地。", Said::Nothing),
    files(("2025-03-03", 9, 30), Project::Main),
    says(("2025-03-04", 10, 0), "check", "needs-correction", "请补充符合产业政策的声明。", Said::Items(&[("符合产业政策的声明", "申请人签署")])),
    says(("2025-03-06", 15, 0), "correct", "resubmitted", "", Said::Form(1)),
    main(("2025-03-07", 9, 30), "check", "ok", "材料齐全，符合条件，拟同意。"),
    main(("2025-03-10", 14, 0), "ask-planning", "agree", ""),
    main(("2025-03-11", 14, 0), "ask-zone", "agree", ""),
    main(("2025-03-12", 10, 0), "ask-land", "agree", ""),
    main(("2025-03-12", 10, 5), "ask-environment", "agree-with-conditions", "同意。开工前完成环评。"),
    main(("2025-03-12", 10, 30), "decide-admission", "admitted", "同意认定。"),
    main(("2025-03-20", 9, 30), "intake", "dispatched", ""),
    says(
        ("2025-03-21", 10, 0),
        "accept",
        "needs-correction",
        "请一次补齐。",
        Said::Items(&[("报告表公开版", "公开版全文"), ("删除涉密、商密内容的说明", "盖章")]),
    ),
    says(("2025-03-24", 9, 30), "correct", "resubmitted", "", Said::Form(2)),
    main(("2025-03-24", 10, 0), "accept", "accepted", "材料齐全，符合法定形式，予以受理。"),
    main(("2025-03-24", 10, 30), "check", "ok", "来源合计等于总投资，资本金比例 40%。"),
    main(("2025-03-25", 10, 0), "park-check", "support", "支持。投资强度 366.67 万元/亩。"),
    main(("2025-03-27", 10, 0), "one-map", "ok", "城镇开发边界内，不涉保护红线。"),
    main(("2025-03-28", 10, 0), "match_idle", "none", "S-03 面积不足，S-05 为仓储用途。"),
    says(("2025-03-31", 10, 0), "propose-evaluation", "commission", "拟委托技术评估。", Said::Special("建设项目环境保护管理条例 9", 8)),
    main(("2025-03-31", 10, 30), "approve-evaluation", "approved", "同意启动特别程序。"),
    main(("2025-04-11", 15, 0), "evaluate", "feasible", "评估意见：可行。"),
    main(("2025-04-15", 9, 30), "examine", "support", "经审查，符合审批条件，拟同意，请审议。"),
    Scene { at: ("2025-04-15", 9, 40), project: Project::Earlier, does: Does::Withdraws("投资计划调整。") },
    main(("2025-04-16", 10, 0), "convene", "convened", "请各单位到会。"),
    main(("2025-04-16", 10, 30), "meet", "consensus", "各单位意见一致。"),
    main(("2025-04-17", 10, 0), "meeting", "approve", "会审同意预留 5.0000 公顷。"),
    main(("2025-04-18", 10, 0), "sign-letter", "issued", "同意。"),
    says(("2025-04-21", 9, 30), "record", "recorded", "按批复口径登记。", Said::Funds([9_800, 0, 12_000, 1_000, 2_000])),
    main(("2025-04-23", 9, 30), "panel", "approve", "集体审议同意。"),
    main(("2025-04-30", 10, 0), "sign", "granted", "同意，按程序办理。"),
    says(("2025-04-30", 10, 30), "record", "recorded", "缺口归零。", Said::Funds([10_000, 3_000, 16_000, 1_000, 2_000])),
    main(("2025-04-30", 11, 0), "close", "met", "资金已全部落实。"),
    main(("2025-05-06", 10, 0), "deliver", "handed", "陈工到窗口签收。"),
    main(("2025-05-07", 10, 0), "conclude", "all-done", "四个环节全部办结。"),
    main(("2025-05-20", 10, 0), "archive-approval", "archived", ""),
    main(("2025-05-20", 10, 1), "archive-eia", "archived", ""),
    main(("2025-05-20", 10, 2), "archive-land", "archived", ""),
    main(("2025-05-20", 10, 3), "archive-funding", "archived", ""),
    main(("2025-05-20", 10, 4), "archive-main", "archived", ""),
];

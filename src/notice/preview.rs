//! What a text looks like before anybody is written to: each kind with facts such as a case would bring.
//! Invariant: the sample is made up and says nothing of a case. Never: the longest values; those try a text when the program starts.

use chrono::NaiveDate;

use super::Kind;
use super::context::{Context, Days, Digest, Line};
use crate::calendar::Unit;
use crate::definition::graph::Text;

/// The facts a sample of `kind` is written with: everything the kind may use.
#[must_use]
pub fn sample(kind: Kind) -> Context {
    let working = |count| Some(Days { count, unit: Unit::Working });
    Context {
        no: "GC20250001-HP".to_owned(),
        item: both("环境影响报告表审批", "EIA report form approval"),
        step: Some(both("受理审查", "Acceptance check")),
        office: Some(both("市生态环境局", "Ecology and Environment Bureau")),
        due: day(4, 22),
        left: working(1),
        late: working(1),
        promised: day(4, 22),
        statutory: day(5, 6),
        until: day(4, 11),
        on: day(3, 24),
        reason: Some("材料第 3 项未盖章。".to_owned()),
        cause: Some(both("技术评估", "technical evaluation")),
        basis: Some("行政许可法第四十五条".to_owned()),
        document: Some("鄂州环审〔2025〕1号".to_owned()),
        count: Some(2),
        place: Some(1),
        path: Some("/cases/GC20250001".to_owned()),
        priority: true,
        login: kind.is_account().then(|| "ez-sthj.handler".to_owned()),
        link: kind.is_account().then(|| "https://greenlane.example/invitation/…".to_owned()),
        digest: kind.is_digest().then(digest),
        ..Context::default()
    }
}

fn digest() -> Digest {
    let line = |no: &str, due: Option<NaiveDate>| Line {
        no: no.to_owned(),
        item: both("环境影响报告表审批", "EIA report form approval"),
        project: Some("智能装备产业园一期".to_owned()),
        step: Some(both("受理审查", "Acceptance check")),
        office: Some(both("市生态环境局", "Ecology and Environment Bureau")),
        due,
        ..Line::default()
    };
    Digest {
        red: vec![Line { late: Some(Days { count: 1, unit: Unit::Working }), ..line("GC20250001-HP", day(3, 21)) }],
        yellow: vec![Line { left: Some(Days { count: 1, unit: Unit::Working }), ..line("GC20250002-HP", day(3, 25)) }],
        other: vec![Line { was: day(4, 1), ..line("GC20250003-HP", day(4, 2)) }],
        orders: vec![Line { step: Some(both("签收", "Sign for it")), ..line("鄂州智造督〔2025〕1号", None) }],
        orders_more: 2,
        unstated: vec![line("GC20250001-HP", day(3, 21))],
        offices: vec![Line {
            no: "1".to_owned(),
            item: both("市生态环境局", "Ecology and Environment Bureau"),
            step: Some(both("按期 9／10", "9 of 10 on time")),
            ..Line::default()
        }],
        asked: 1,
        opened: 2,
        closed: 1,
        ..Digest::default()
    }
}

fn both(zh: &str, en: &str) -> Text {
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

const fn day(month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2025, month, day)
}

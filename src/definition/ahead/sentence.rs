//! The sentence, in both languages. Invariant: every part of what follows is in it, in the order in which it will happen.

use super::Ahead;
use crate::calendar::Span;
use crate::definition::graph::{Node, Pool, ReturnThen, TermKind};
use crate::ids::Text;

/// How offices and posts are called; the program knows only their keys.
#[derive(Clone, Copy)]
pub struct Names<'n> {
    /// An office by its key.
    pub office: &'n dyn Fn(&str) -> Text,
    /// A post by its key.
    pub post: &'n dyn Fn(&str) -> Text,
}

impl Names<'_> {
    /// What follows, as one sentence. With nothing to follow it says that the step is over.
    #[must_use]
    pub fn sentence(&self, follows: &[Ahead<'_>]) -> Text {
        let parts: Vec<Text> = follows.iter().map(|one| self.part(one)).collect();
        if parts.is_empty() {
            return text("本步骤结束。", "The step is over.");
        }
        let joined = |of: fn(&Text) -> &str, by: &str| parts.iter().map(of).collect::<Vec<_>>().join(by);
        let (zh, en) = (joined(|text| &text.zh, "；"), joined(|text| &text.en, "; "));
        Text { zh: format!("{zh}。"), en: format!("{}.", capital(&en)) }
    }

    /// What a return does, as one sentence.
    #[must_use]
    pub fn returned(&self, to: &Node, then: ReturnThen) -> Text {
        let Text { zh, en } = &to.title;
        match then {
            ReturnThen::WalkAgain => Text {
                zh: format!("退回到「{zh}」，其后的步骤重新办理。"),
                en: format!("Goes back to “{en}”; every step after it is done again."),
            },
            ReturnThen::StraightBack => Text {
                zh: format!("退回到「{zh}」，办完后直接回到本步骤，其他步骤不受影响。"),
                en: format!("Goes back to “{en}” and from there straight back here; nothing else is touched."),
            },
        }
    }

    /// Who a pool asks.
    #[must_use]
    pub fn pool(&self, pool: &Pool) -> Text {
        match pool {
            Pool::Applicant => text("申请人", "the applicant"),
            Pool::Posts { offices, post } => {
                let offices: Vec<Text> = offices.iter().map(|office| (self.office)(office)).collect();
                let joined = |of: fn(&Text) -> &str, by: &str| offices.iter().map(of).collect::<Vec<_>>().join(by);
                let post = (self.post)(post);
                Text { zh: format!("{}{}", joined(|text| &text.zh, "、"), post.zh), en: format!("{}, {}", post.en, joined(|text| &text.en, " / ")) }
            }
        }
    }

    fn part(&self, one: &Ahead<'_>) -> Text {
        match one {
            Ahead::Met(rule) => {
                let (zh, en) = kind(rule.kind);
                Text { zh: format!("{zh}到此为止"), en: format!("the {en} is met") }
            }
            Ahead::Begins { rule, from_receipt } => begins(rule.kind, rule.within, *from_receipt),
            Ahead::Ranked(rank) => ranked(*rank),
            Ahead::Cancels(join) => Text {
                zh: format!("取消「{}」前仍在并行办理的步骤", join.zh),
                en: format!("cancels what still runs beside it before “{}”", join.en),
            },
            Ahead::Issues(title) => Text { zh: format!("出具《{}》", title.zh), en: format!("issues “{}”", title.en) },
            Ahead::Asks { title, by, within } => {
                let who = self.pool(by);
                let (zh_within, en_within) =
                    (within.map_or_else(String::new, |span| format!("，{}", span.zh())), within.map_or_else(String::new, |span| format!(", {span}")));
                Text {
                    zh: format!("进入「{}」（由{}办理{zh_within}）", title.zh, who.zh), en: format!("goes on to “{}” ({}{en_within})", title.en, who.en)
                }
            }
            Ahead::AsksGroup { title, seats, within } => {
                let (zh_within, en_within) =
                    (within.map_or_else(String::new, |span| format!("，{}", span.zh())), within.map_or_else(String::new, |span| format!(", {span}")));
                Text {
                    zh: format!("进入「{}」（{seats} 个席位会签{zh_within}）", title.zh),
                    en: format!("goes on to “{}” ({seats} seats{en_within})", title.en),
                }
            }
            Ahead::Judges(title) => Text {
                zh: format!("由系统按决策表「{}」判定后继续", title.zh),
                en: format!("the table “{}” decides how it goes on", title.en),
            },
            Ahead::Reserves(title) => Text {
                zh: format!("由系统办理「{}」，余额够则继续，不够则候补", title.zh),
                en: format!("the system does “{}”: it goes on when there is enough, and waits in line when not", title.en),
            },
            Ahead::AwaitsWord(title) => Text { zh: format!("等待「{}」", title.zh), en: format!("waits for “{}”", title.en) },
            Ahead::Outside(title) => Text { zh: format!("由外部系统办理「{}」", title.zh), en: format!("an outside system does “{}”", title.en) },
            Ahead::AwaitsTime { title, span } => {
                Text { zh: format!("进入「{}」{}", title.zh, span.zh()), en: format!("“{}” runs for {span}", title.en) }
            }
            Ahead::Stops(kinds) => {
                let (zh, en): (Vec<&str>, Vec<&str>) = kinds.iter().map(|one| kind(*one)).unzip();
                Text {
                    zh: format!("期间不计入{}", zh.join("、")),
                    en: format!("meanwhile the {} {} still", en.join(" and the "), if en.len() > 1 { "stand" } else { "stands" }),
                }
            }
            Ahead::Splits { title, branches } => {
                let (zh, en): (Vec<&str>, Vec<&str>) = branches.iter().map(|branch| (branch.zh.as_str(), branch.en.as_str())).unzip();
                Text {
                    zh: format!("「{}」同时开始：{}", title.zh, zh.join("、")), en: format!("“{}” begins, side by side: {}", title.en, en.join(", "))
                }
            }
            Ahead::Joins(next) => match next {
                Some(next) => Text {
                    zh: format!("等其他并行步骤办完，再进入「{}」", next.zh),
                    en: format!("waits for the steps beside it, then goes on to “{}”", next.en),
                },
                None => text("等其他并行步骤办完", "waits for the steps beside it"),
            },
            Ahead::Calls(title) => Text { zh: format!("启动「{}」", title.zh), en: format!("begins “{}”", title.en) },
            Ahead::EndsAside => text("这一支到此结束，不影响其他步骤", "this side branch ends, and nothing else is touched"),
            Ahead::Ends { title, terminates } => {
                let (zh, en) = if *terminates { ("，其余在办步骤一并终止", ", and whatever else runs in it ends, too") } else { ("", "") };
                Text { zh: format!("本环节以「{}」结束{zh}", title.zh), en: format!("this link ends as “{}”{en}", title.en) }
            }
        }
    }
}

fn text(zh: &str, en: &str) -> Text {
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

fn begins(of: TermKind, within: Span, from_receipt: bool) -> Text {
    let ((zh, en), (zh_from, en_from)) =
        (kind(of), if from_receipt { ("收到材料之日", "counts from the day the papers were received") } else { ("今日", "begins today") });
    Text { zh: format!("{zh} {}自{zh_from}起算", within.zh()), en: format!("the {en} of {within} {en_from}") }
}

fn ranked(rank: i16) -> Text {
    let (zh, en) = match rank {
        0 => ("A 级", "class A"),
        1 => ("B 级", "class B"),
        2 => ("C 级", "class C"),
        _ => ("普通", "ordinary"),
    };
    Text { zh: format!("项目定为{zh}"), en: format!("the project becomes {en}") }
}

fn kind(kind: TermKind) -> (&'static str, &'static str) {
    match kind {
        TermKind::Statutory => ("法定时限", "statutory limit"),
        TermKind::Promised => ("承诺时限", "promised limit"),
        TermKind::Step => ("步骤时限", "limit of the step"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

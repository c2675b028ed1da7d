//! What a case is doing, explained: where it is, who may act, why not you, which limit runs and how its date came about day by day, what happens next and why.
//! Invariant: every answer is asked of whoever decides it: `identity::may` says who may, the calendar counts the days, `definition::ahead` reads what follows.
//! Never: a rule of its own; an explanation that the engine would not act by.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::known::Known;
use crate::app::posts;
use crate::app::queries::{DayLine, day_lines};
use crate::app::register;
use crate::app::writer::Working;
use crate::definition::ahead::{self, Names};
use crate::definition::graph::{Bundle, Node, NodeKind, Program, TermKind};
use crate::engine::case::{Local, TaskPool, Term, Token, Waits};
use crate::engine::facts::Facts;
use crate::engine::standing;
use crate::identity::Actor;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{Moment, Name, PersonId, Text};

/// A case, explained.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// Its number, or its id where it has none.
    pub case: String,
    /// What it is.
    #[schema(value_type = Object)]
    pub title: Text,
    /// The moment it was asked.
    pub at: String,
    /// Whom "you" means.
    pub you: Option<String>,
    /// With what it ended, when it did.
    pub ended: Option<String>,
    /// Where it is: one entry for each place something waits at.
    pub places: Vec<PlaceTold>,
    /// The limits that run or stand still.
    pub limits: Vec<LimitTold>,
}

/// A place where the case waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceTold {
    /// The link it belongs to.
    #[schema(value_type = Object)]
    pub link: Text,
    /// The step.
    pub step: String,
    /// What the step is called.
    #[schema(value_type = Object)]
    pub title: Text,
    /// Since when.
    pub since: String,
    /// What it waits for.
    #[schema(value_type = Object)]
    pub waits: Text,
    /// The task, when somebody is asked.
    pub task: Option<Local>,
    /// Who could answer it today.
    pub who: Vec<String>,
    /// Who claimed it.
    pub claimed: Option<String>,
    /// Whether you may, and why not.
    #[schema(value_type = Option<Object>)]
    pub you: Option<Text>,
    /// What follows each answer.
    pub next: Vec<NextTold>,
}

/// What follows an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextTold {
    /// The answer.
    pub outcome: String,
    /// What happens then.
    #[schema(value_type = Object)]
    pub follows: Text,
}

/// A limit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LimitTold {
    /// Its id in the case.
    pub term: Local,
    /// The link or step it is for.
    #[schema(value_type = Object)]
    pub of: Text,
    /// Which it is and how long.
    #[schema(value_type = Object)]
    pub what: Text,
    /// The law or guide.
    pub basis: Option<String>,
    /// The due day.
    pub due: Option<String>,
    /// Whether it runs, and what stops it.
    #[schema(value_type = Object)]
    pub runs: Text,
    /// How the date came about.
    pub days: Vec<DayLine>,
}

impl App {
    /// A case explained, for somebody.
    ///
    /// # Errors
    /// A fault, such as a bundle that is gone.
    pub async fn explain(&self, working: &Working, you: Option<PersonId>) -> Result<Explanation, Failure> {
        let known = self.known(working.row.tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        Ok(explain(working, &bundle, &known, self.clock().now(), you))
    }
}

/// A case explained, for somebody.
#[must_use]
pub fn explain(working: &Working, bundle: &Bundle, known: &Known, now: Moment, you: Option<PersonId>) -> Explanation {
    let asked = Asked { working, bundle, known, now, you };
    let case = &working.state;
    let title = bundle.programs.get(&bundle.root).map(|program| program.title.clone()).unwrap_or_default();
    Explanation {
        case: working.row.number.clone().unwrap_or_else(|| working.row.id.to_string()),
        title,
        at: now.to_rfc3339(),
        you: you.map(|person| asked.name(person)),
        ended: working.row.result.clone(),
        places: case.tokens.iter().map(|(id, token)| asked.place(*id, token)).collect(),
        limits: case.terms.iter().map(|(id, term)| asked.limit(*id, term)).collect(),
    }
}

struct Asked<'a> {
    working: &'a Working,
    bundle: &'a Bundle,
    known: &'a Known,
    now: Moment,
    you: Option<PersonId>,
}

impl Asked<'_> {
    fn program(&self, scope: Local) -> Option<&Program> {
        let scope = self.working.state.scopes.get(&scope)?;
        self.bundle.programs.get(&scope.program).map(|program| &**program)
    }

    fn name(&self, person: PersonId) -> String {
        self.known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    fn calendar(&self) -> &crate::calendar::Calendar {
        self.known.calendar.of(self.working.state.district.as_deref())
    }

    fn with_facts<T>(&self, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
        let (bodies, balances, counters) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (calendar, roster) = (self.calendar(), &self.known.roster);
        ask(&Facts {
            now: self.now,
            bundle: self.bundle,
            target: None,
            calendar,
            roster,
            bodies: &bodies,
            balances: &balances,
            counters: &counters,
            leases: &BTreeMap::new(),
        })
    }

    fn place(&self, id: Local, token: &Token) -> PlaceTold {
        let program = self.program(token.scope);
        let node = program.and_then(|program| program.nodes.get(usize::from(token.node.0)));
        let task = self.working.state.tasks.iter().find(|(_, task)| task.token == id);
        PlaceTold {
            link: program.map(|program| program.title.clone()).unwrap_or_default(),
            step: token.step.to_string(),
            title: node.map(|node| node.title.clone()).unwrap_or_default(),
            since: token.entered.to_rfc3339(),
            waits: self.waits(token),
            task: task.map(|(task, _)| *task),
            who: task.map(|(task, _)| self.who(*task)).unwrap_or_default(),
            claimed: task.and_then(|(_, task)| task.claimed).map(|person| self.name(person)),
            you: task.zip(self.you).map(|((task, _), you)| self.may(*task, you)),
            next: program.zip(node).map(|(program, node)| self.next(program, node)).unwrap_or_default(),
        }
    }

    /// What a place waits for, in words.
    fn waits(&self, token: &Token) -> Text {
        let text = |zh: String, en: String| Text { zh, en };
        match &token.waits {
            Waits::Task(task) => match self.working.state.tasks.get(task).map(|task| &task.pool) {
                Some(TaskPool::Posts { offices, post }) => {
                    let named: Vec<Text> = offices.iter().map(|office| self.known.office(office)).collect();
                    let (zh, en): (Vec<&str>, Vec<&str>) = named.iter().map(|name| (name.zh.as_str(), name.en.as_str())).unzip();
                    let post = posts::title(post);
                    text(format!("等待{}（{}）办理", zh.join("、"), post.zh), format!("waits for {} ({})", en.join(" or "), post.en))
                }
                Some(TaskPool::Applicant) | None => text("等待申请人办理".into(), "waits for the applicant".into()),
            },
            Waits::Group(_) => text("等待会签各席位".into(), "waits for the seats of its group".into()),
            Waits::Message(name) => text(format!("等待消息「{name}」"), format!("waits for the message “{name}”")),
            Waits::Signal(name) => text(format!("等待信号「{name}」"), format!("waits for the signal “{name}”")),
            Waits::Members(_) => text("等待各成员办完".into(), "waits for its members".into()),
            Waits::Lock(_) => text("等待别的办件让出".into(), "waits for its turn".into()),
            Waits::Job(job) => {
                let topic = self.working.state.jobs.get(job).map(|job| job.topic.to_string()).unwrap_or_default();
                match self.working.state.jobs.get(job).map(|job| job.due) {
                    Some(None) => {
                        text(format!("外部作业「{topic}」停投，等待运维处理"), format!("the outside job “{topic}” is parked and waits for an operator"))
                    }
                    Some(Some(due)) if due > self.now => {
                        let at = due.to_rfc3339();
                        text(format!("外部作业「{topic}」失败过，{at} 起重试"), format!("the outside job “{topic}” failed and is tried again from {at}"))
                    }
                    Some(Some(_)) | None => text(format!("等待外部系统办理「{topic}」"), format!("waits for the outside system of “{topic}”")),
                }
            }
            Waits::Timer(_) => text("等待期满".into(), "waits for its period to pass".into()),
            Waits::Join => text("等待并行的其他步骤".into(), "waits for the steps beside it".into()),
            Waits::Scope(scope) => {
                let title = self.program(*scope).map(|program| program.title.clone()).unwrap_or_default();
                text(format!("等待环节「{}」办完", title.zh), format!("waits for the link “{}”", title.en))
            }
        }
    }

    fn who(&self, task: Local) -> Vec<String> {
        let people = self.with_facts(|facts| standing::eligible(&self.working.state, facts, task));
        people.into_iter().map(|person| self.name(person)).collect()
    }

    /// Whether somebody may answer a task, in the words of whoever decides it.
    fn may(&self, task: Local, person: PersonId) -> Text {
        let case = &self.working.state;
        let standing = self.with_facts(|facts| Standing { task: standing::to_task(case, facts, task, person), ..standing::in_office(facts, person) });
        match may(&Actor::Person(person), Act::Complete, &standing) {
            Verdict::Allowed => Text { zh: "您可以办理。".into(), en: "You may answer it.".into() },
            Verdict::Denied(why) => Text { zh: why.zh, en: why.en },
        }
    }

    /// What follows each answer. What nobody answers follows by itself.
    fn next(&self, program: &Program, node: &Node) -> Vec<NextTold> {
        let office = |key: &str| self.known.office(key);
        let names = Names { office: &office, post: &posts::title };
        let told = |outcome: &Name| NextTold { outcome: outcome.to_string(), follows: names.sentence(&ahead::ahead(program, node, outcome)) };
        match &node.kind {
            // A link or a join that still runs is explained at its own places.
            NodeKind::Split { .. } | NodeKind::End { .. } => Vec::new(),
            NodeKind::Task(_)
            | NodeKind::Approve(_)
            | NodeKind::Decide(_)
            | NodeKind::Post { .. }
            | NodeKind::Message { .. }
            | NodeKind::Job(_)
            | NodeKind::Timer { .. }
            | NodeKind::Join { .. }
            | NodeKind::Call { .. }
            | NodeKind::Each(_)
            | NodeKind::Throw { .. }
            | NodeKind::Document { .. } => node.next.keys().map(told).collect(),
        }
    }

    fn limit(&self, id: Local, term: &Term) -> LimitTold {
        let program = self.program(term.scope);
        let token = term.token.and_then(|token| self.working.state.tokens.get(&token));
        let node = program.zip(token).and_then(|(program, token)| program.nodes.get(usize::from(token.node.0)));
        let rules = node.map(|node| &node.terms).or(program.filter(|_| term.token.is_none()).map(|program| &program.limits));
        let basis = rules.and_then(|rules| rules.iter().find(|rule| rule.key == term.key)).and_then(|rule| rule.basis.clone());
        let of = node.map(|node| node.title.clone()).or(program.map(|program| program.title.clone())).unwrap_or_default();
        let (zh, en) = kind(term.kind);
        let (from, within) = (term.from, term.within);
        LimitTold {
            term: id,
            of,
            what: Text { zh: format!("{zh} {}，自 {from} 起算", within.zh()), en: format!("{en} of {within}, counted from {from}") },
            basis,
            due: term.due.map(|due| due.to_string()),
            runs: self.runs(term),
            days: day_lines(self.calendar(), term, self.now.date()),
        }
    }

    fn runs(&self, term: &Term) -> Text {
        let Some(day) = term.stopped_on else {
            return match (term.due, term.provisional) {
                (Some(due), false) => Text { zh: format!("正在计时，{due} 到期"), en: format!("it runs and is due on {due}") },
                (Some(due), true) => Text { zh: format!("正在计时，暂定 {due} 到期"), en: format!("it runs and is due on {due}, provisionally") },
                (None, _) => {
                    Text { zh: "正在计时，日历公布后才有到期日".into(), en: "it runs; the calendar does not reach its date yet".into() }
                }
            };
        };
        let tokens = term.stops_open.iter().filter_map(|token| self.working.state.tokens.get(token));
        let titles: Vec<Text> =
            tokens.filter_map(|token| self.program(token.scope)?.nodes.get(usize::from(token.node.0))).map(|node| node.title.clone()).collect();
        let all = |of: fn(&Text) -> &str, between: &str| titles.iter().map(of).collect::<Vec<_>>().join(between);
        let (zh, en) = (all(|title| &title.zh, "」「"), all(|title| &title.en, "”, “"));
        Text { zh: format!("{day} 起暂停，因「{zh}」不计入"), en: format!("it stands still since {day}, because of “{en}”") }
    }
}

fn kind(kind: TermKind) -> (&'static str, &'static str) {
    match kind {
        TermKind::Statutory => ("法定时限", "statutory limit"),
        TermKind::Promised => ("承诺时限", "promised limit"),
        TermKind::Step => ("步骤时限", "limit of the step"),
    }
}

impl Explanation {
    /// As lines for a screen, in both languages.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} {} / {}", self.case, self.title.zh, self.title.en)];
        lines.extend(self.ended.iter().map(|result| format!("已办结 / ended: {result}")));
        for place in &self.places {
            lines.push(format!("● {}：{} [{}] / {}: {}", place.link.zh, place.title.zh, place.step, place.link.en, place.title.en));
            lines.push(format!("    {}；自 {} / {}", place.waits.zh, place.since, place.waits.en));
            if place.task.is_some() {
                let who = if place.who.is_empty() { "无人 / nobody".to_owned() } else { place.who.join("、") };
                lines.push(format!("    可办理 / may act: {who}"));
            }
            lines.extend(place.claimed.iter().map(|name| format!("    已签收 / claimed: {name}")));
            lines.extend(place.you.iter().map(|you| format!("    {}：{} / {}", self.you.as_deref().unwrap_or("您"), you.zh, you.en)));
            lines.extend(place.next.iter().map(|next| format!("    {} → {} / {}", next.outcome, next.follows.zh, next.follows.en)));
        }
        for limit in &self.limits {
            lines.push(format!("◷ {}：{} / {}: {}", limit.of.zh, limit.what.zh, limit.of.en, limit.what.en));
            lines.push(format!("    {} / {}", limit.runs.zh, limit.runs.en));
            lines.extend(limit.basis.iter().map(|basis| format!("    依据 / basis: {basis}")));
            for day in &limit.days {
                let counted = day.counted.map_or_else(|| "  -".to_owned(), |counted| format!("{counted:>3}"));
                lines.push(format!("    {counted}  {}  {} / {}", day.date, day.why.zh, day.why.en));
            }
        }
        lines
    }
}

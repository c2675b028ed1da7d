//! Whether a line came out as written, and if not, what was found instead.
//! Invariant: what is said of a case depends on the scenes before and after the line alone. Never: a silent line; an act that is refused without being expected to is a miss.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::case::Local;
use crate::ids::{CaseId, Moment, Name};
use crate::rehearsal::cast::Cast;
use crate::rehearsal::expect::{By, Due, Expect, Figure, NoticeWanted, TaskWanted};
use crate::rehearsal::play::Answer;
use crate::rehearsal::script::{Line, Word};
use crate::rehearsal::seen::{Scene, Seen, TaskSeen};

/// Something that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// What a line is judged by.
#[derive(Clone, Copy, Debug)]
pub struct View<'v> {
    /// The cast.
    pub cast: &'v Cast,
    /// Before the line.
    pub before: &'v Scene,
    /// After it.
    pub after: &'v Scene,
    /// Cases by name.
    pub cases: &'v BTreeMap<String, CaseId>,
    /// The case the line is about.
    pub about: Option<&'v str>,
    /// The task it acted on.
    pub acted: Option<Local>,
    /// What the clock shows.
    pub now: Moment,
}

/// Whether a task is for somebody: the applicant, an office, `office/post`, a person who may do it.
#[must_use]
pub fn is_for(cast: &Cast, task: &TaskSeen, whom: &str, applicant: Option<&str>, now: Moment) -> bool {
    if task.post == "applicant" {
        return ["applicant", "申请人"].contains(&whom) || applicant == Some(whom);
    }
    let (office, post) = whom.split_once('/').map_or((whom, None), |(office, post)| (office, Some(post)));
    let posts = || [Some(&task.post), task.backup.as_ref()].into_iter().flatten();
    if task.offices.iter().any(|asked| asked == office) {
        return post.is_none_or(|post| posts().any(|asked| asked == post));
    }
    let offices: Vec<Name> = task.offices.iter().map(|office| office.as_str().into()).collect();
    cast.person(whom).is_some_and(|person| posts().any(|post| cast.roster.holds(person, &offices, &post.as_str().into(), now.date())))
}

impl View<'_> {
    /// Everything about a line that was not as written.
    #[must_use]
    pub fn misses(&self, line: &Line, answer: &Answer) -> Vec<Miss> {
        let mut misses = Vec::new();
        let refusal = line.expects.iter().find_map(|expected| if let Expect::Refused(code) = &expected.what { Some(code.as_str()) } else { None });
        let found = match answer {
            Answer::Broken(text) => Some(text.clone()),
            Answer::Refused(code, sentence) if refusal != Some(code) => Some(format!("拒绝 refused: {code} ({sentence})")),
            Answer::Done(_) if refusal.is_some() => Some("已照办 it was done".to_owned()),
            Answer::Refused(..) | Answer::Done(_) => None,
        };
        if let Some(found) = found {
            misses.push(Miss { expected: refusal.map_or_else(|| "照办 done".to_owned(), |code| format!("拒绝 refused: {code}")), found });
        }
        for expected in &line.expects {
            let name = expected.case.as_ref().map(|case| case.text.as_str()).or(self.about).unwrap_or_default();
            let empty = Seen::default();
            let of = |scene: &'_ Scene| scene.cases.get(name).cloned().unwrap_or_else(|| empty.clone());
            let case = CaseView { view: *self, before: of(self.before), after: of(self.after) };
            if let Some(found) = case.differs(&expected.what) {
                misses.push(Miss { expected: expected.text.clone(), found });
            }
        }
        misses
    }
}

struct CaseView<'v> {
    view: View<'v>,
    before: Seen,
    after: Seen,
}

impl CaseView<'_> {
    /// What is found instead; `None` when it is as expected.
    fn differs(&self, what: &Expect) -> Option<String> {
        match what {
            Expect::Open(wanted) => self.open(wanted, true),
            Expect::Includes(wanted) => self.open(wanted, false),
            Expect::NotOpen(steps) => steps.iter().any(|step| !self.tasks_of(step).is_empty()).then(|| self.told_open()),
            Expect::Due(term, due) => self.due(term, *due),
            // The answer was held against it already.
            Expect::Refused(_) => None,
            Expect::Ended(result) => {
                let wanted = self.view.cast.result(&result.text);
                (self.after.ended.as_deref() != Some(wanted.as_str())).then(|| self.told_end())
            }
            Expect::Running => self.after.ended.is_some().then(|| self.told_end()),
            Expect::Closed(step, count) => {
                let closed = self.closed(step);
                (closed != *count).then(|| format!("×{closed}"))
            }
            Expect::Done(step, outcome, by) => self.done(step, outcome, by.as_ref()),
            Expect::Said(wanted) => self.said(wanted),
            Expect::Unsaid(kinds) => {
                let said = self.after.said_since(&self.before);
                let any = said.iter().any(|(kind, _)| kinds.is_empty() || kinds.iter().any(|wanted| wanted.text == *kind));
                any.then(|| told_notices(&said))
            }
            Expect::Balance(account, figures) => self.balance(account, figures),
            Expect::Postings(account, postings) => self.postings(account, postings),
            Expect::Waiting(account, cases) => self.waiting(account, cases),
            Expect::At(steps) => self.standing(steps, self.after.at.clone()),
            Expect::Parked(steps) => {
                let parked = self.after.jobs.values().filter(|job| job.parked);
                self.standing(steps, parked.map(|job| (job.program.clone(), job.step.clone())).collect())
            }
            Expect::Claimed(step, who) => self.claimed(step, who.as_ref()),
            Expect::Recorded(what, by, whom) => self.recorded(what, (by.as_ref(), whom.as_ref())),
            Expect::Document(kind, number) => {
                let issued = |(found, of): &(String, Option<String>)| *found == kind.text && number.as_ref().is_none_or(|number| Some(number) == of.as_ref());
                let told = || self.after.documents.iter().map(|(kind, number)| format!("{kind} {}", number.as_deref().unwrap_or("-"))).collect();
                (!self.after.documents.iter().any(issued)).then(|| listed(told()))
            }
            Expect::Ordered(wanted) => self.ordered(wanted.as_ref()),
            Expect::Number(number) => (self.after.number.as_ref() != Some(number)).then(|| self.after.number.clone().unwrap_or_else(|| "-".to_owned())),
            Expect::Today(day) => (self.view.now.date() != *day).then(|| self.view.now.date().to_string()),
            Expect::Rank(rank) => (self.after.rank != *rank).then(|| self.after.rank.to_string()),
        }
    }

    fn steps(&self, step: &Word) -> BTreeSet<(String, String)> {
        self.view.cast.steps(&step.text)
    }

    fn tasks_of(&self, step: &Word) -> Vec<&TaskSeen> {
        let steps = self.steps(step);
        self.after.tasks.values().filter(|task| steps.contains(&(task.program.clone(), task.step.clone()))).collect()
    }

    fn open(&self, wanted: &[TaskWanted], all: bool) -> Option<String> {
        let mut left: Vec<&TaskSeen> = self.after.tasks.values().collect();
        for task in wanted {
            let steps = self.steps(&task.step);
            for _ in 0..task.count {
                let meant = |open: &&TaskSeen| {
                    let whom = task.whom.as_ref();
                    let for_them = |whom: &Word| is_for(self.view.cast, open, &whom.text, Some(&self.after.applicant), self.view.now);
                    steps.contains(&(open.program.clone(), open.step.clone())) && whom.is_none_or(for_them)
                };
                match left.iter().position(meant) {
                    Some(at) => _ = left.remove(at),
                    None => return Some(self.told_open()),
                }
            }
        }
        (all && !left.is_empty()).then(|| self.told_open())
    }

    /// What is open, as the expectation that would have held.
    fn told_open(&self) -> String {
        let told = |task: &TaskSeen| format!("{} 由 {}", self.title(&task.program, &task.step), self.asked(task));
        pasteable("待办", self.after.tasks.values().map(told).collect())
    }

    /// The one person who may do a task, else its office and post.
    fn asked(&self, task: &TaskSeen) -> String {
        if task.post == "applicant" {
            return self.after.applicant.clone();
        }
        let (cast, today) = (self.view.cast, self.view.now.date());
        let holders = |office: &String| cast.roster.holders(&office.as_str().into(), &task.post.as_str().into(), today);
        let names: BTreeSet<&str> = task.offices.iter().flat_map(holders).map(|person| person.name.as_str()).collect();
        match (names.first(), names.len(), task.offices.first()) {
            (Some(name), 1, _) => (*name).to_owned(),
            (_, _, Some(office)) => format!("{office}/{}", task.post),
            (_, _, None) => task.post.clone(),
        }
    }

    /// What a step is called where that says which, else its key.
    fn title(&self, program: &str, step: &str) -> String {
        let cast = self.view.cast;
        let node = cast.bundle.programs.get(program).and_then(|program| program.nodes.iter().find(|node| *node.key == *step));
        let title = node.map_or(step, |node| node.title.zh.as_str());
        let is_clear = cast.steps(title).len() == 1 && !title.contains([' ', '、', '；', '：']);
        if is_clear { title.to_owned() } else { format!("{program}/{step}") }
    }

    fn told_end(&self) -> String {
        self.after.ended.as_ref().map_or_else(|| "在办".to_owned(), |result| format!("办结：{result}"))
    }

    fn due(&self, term: &Word, wanted: Due) -> Option<String> {
        let (within, key) = self.view.cast.term(&term.text);
        let mine = |term: &&crate::rehearsal::seen::TermSeen| term.key == key && within.as_ref().is_none_or(|within| *within == term.program);
        let found: Vec<Due> =
            self.after.terms.values().filter(mine).map(|term| if term.stopped { Due::Stopped } else { term.due.map_or(Due::Undated, Due::On) }).collect();
        let holds = if wanted == Due::Absent { found.is_empty() } else { found.contains(&wanted) };
        let told = |due: &Due| match due {
            Due::On(day) => day.to_string(),
            Due::Stopped => "停算 stopped".to_owned(),
            Due::Undated => "待定 undated".to_owned(),
            Due::Absent => "无 none".to_owned(),
        };
        (!holds).then(|| listed(found.iter().map(told).collect()))
    }

    /// Tasks of the step that the line closed and nobody answered: those that were open, are not, and are not the one acted on.
    fn closed(&self, step: &Word) -> usize {
        let steps = self.steps(step);
        let gone = self.before.tasks.iter().filter(|(id, _)| !self.after.tasks.contains_key(id) && Some(**id) != self.view.acted);
        gone.filter(|(_, task)| steps.contains(&(task.program.clone(), task.step.clone()))).count()
    }

    fn done(&self, step: &Word, outcome: &Word, by: Option<&By>) -> Option<String> {
        let steps = self.steps(step);
        let outcome = self.view.cast.outcome(&steps, &outcome.text);
        let new = &self.after.done[self.before.done.len().min(self.after.done.len())..];
        let by_whom = |done: &crate::rehearsal::seen::DoneSeen| match by {
            None => true,
            Some(By::Law) => done.deemed && done.by.is_none(),
            Some(By::System) => !done.deemed && done.by.is_none(),
            Some(By::Person(who)) => done.by == self.view.cast.person(&who.text).map(|person| self.view.cast.name_of(person)),
        };
        let meant = new.iter().any(|done| steps.iter().any(|(_, step)| *step == done.step) && done.outcome == outcome && by_whom(done));
        let told = |done: &crate::rehearsal::seen::DoneSeen| {
            let by = done.by.as_deref().unwrap_or(if done.deemed { "依法" } else { "系统" });
            format!("{} {} 由 {by}", done.step, done.outcome)
        };
        (!meant).then(|| pasteable("已办", new.iter().map(told).collect()))
    }

    fn said(&self, wanted: &[NoticeWanted]) -> Option<String> {
        let said = self.after.said_since(&self.before);
        let given = |notice: &NoticeWanted| {
            let to = |whom: &Word, name: &str| whom.text == name || self.called(&whom.text, name);
            said.iter().any(|(kind, name)| *kind == notice.kind.text && notice.whom.as_ref().is_none_or(|whom| to(whom, name)))
        };
        (!wanted.iter().all(given)).then(|| told_notices(&said))
    }

    /// Whether a person is meant by `申请人`, by a login, by an office or by an office and a post.
    fn called(&self, whom: &str, name: &str) -> bool {
        let cast = self.view.cast;
        let Some(person) = cast.person(name) else { return false };
        if ["applicant", "申请人"].contains(&whom) {
            return self.after.applicant == name;
        }
        let (office, post) = whom.split_once('/').map_or((whom, None), |(office, post)| (office, Some(post)));
        let held = cast.roster.posts_of(person, self.view.now.date());
        cast.person(whom) == Some(person) || held.iter().any(|(of, holds)| **of == *office && post.is_none_or(|post| **holds == *post))
    }

    fn balance(&self, account: &Word, figures: &[(Figure, i64)]) -> Option<String> {
        let found = self.view.after.accounts.get(&account.text).cloned().unwrap_or_default();
        let of = |figure: Figure| match figure {
            Figure::Free => found.free,
            Figure::Reserved => found.reserved,
            Figure::Used => found.used,
        };
        let same = figures.iter().all(|(figure, amount)| of(*figure) == *amount);
        (!same).then(|| format!("可用 free {} 预留 reserved {} 已用 used {}", found.free, found.reserved, found.used))
    }

    fn postings(&self, account: &Word, wanted: &[(Word, i64)]) -> Option<String> {
        let found = self.view.after.accounts.get(&account.text).map(|account| account.postings.clone()).unwrap_or_default();
        let same = found.iter().map(|(kind, amount)| (kind, *amount)).eq(wanted.iter().map(|(kind, amount)| (&kind.text, *amount)));
        (!same).then(|| listed(found.iter().map(|(kind, amount)| format!("{kind} {amount}")).collect()))
    }

    fn waiting(&self, account: &Word, cases: &[Word]) -> Option<String> {
        let found = self.view.after.accounts.get(&account.text).map(|account| account.waiting.clone()).unwrap_or_default();
        let name = |id: &String| {
            let case = self.view.cases.iter().find(|(_, case)| case.to_string() == *id);
            case.map_or_else(|| id.clone(), |(name, _)| name.clone())
        };
        let found: Vec<String> = found.iter().map(name).collect();
        (!found.iter().eq(cases.iter().map(|case| &case.text))).then(|| listed(found))
    }

    /// What the act wrote down beside answers, with both names.
    fn recorded(&self, what: &Word, (by, whom): (Option<&Word>, Option<&Word>)) -> Option<String> {
        let new = &self.after.record[self.before.record.len().min(self.after.record.len())..];
        let name = |who: &Word| self.view.cast.person(&who.text).map(|person| self.view.cast.name_of(person)).unwrap_or_default();
        let meant = |(found, did, to): &&(String, String, String)| {
            let to_them = |who: &Word| to.split(", ").any(|to| to == name(who));
            *found == what.text && by.is_none_or(|who| *did == name(who)) && whom.is_none_or(to_them)
        };
        let told = |(what, by, to): &(String, String, String)| format!("{what} by {by} to {}", if to.is_empty() { "-" } else { to });
        (!new.iter().any(|one| meant(&one))).then(|| listed(new.iter().map(told).collect()))
    }

    fn ordered(&self, wanted: Option<&(Word, chrono::NaiveDate)>) -> Option<String> {
        let found = &self.after.orders;
        let meant = match wanted {
            None => found.is_empty(),
            Some((term, date)) => {
                let (within, key) = self.view.cast.term(&term.text);
                found.iter().any(|(program, term, due)| *term == key && *due == date.to_string() && within.as_ref().is_none_or(|within| within == program))
            }
        };
        (!meant).then(|| listed(found.iter().map(|(program, term, due)| format!("{program}/{term} {due}")).collect()))
    }

    /// Whether what stands somewhere stands at these steps and nowhere else.
    fn standing(&self, wanted: &[(Word, usize)], found: Vec<(String, String)>) -> Option<String> {
        let mut left = found.clone();
        let mut missing = false;
        for (step, count) in wanted {
            let steps = self.steps(step);
            for _ in 0..*count {
                match left.iter().position(|at| steps.contains(at)) {
                    Some(at) => _ = left.remove(at),
                    None => missing = true,
                }
            }
        }
        (missing || !left.is_empty()).then(|| listed(found.iter().map(|(program, step)| format!("{program}/{step}")).collect()))
    }

    fn claimed(&self, step: &Word, who: Option<&Word>) -> Option<String> {
        let tasks = self.tasks_of(step);
        let wanted = who.and_then(|who| self.view.cast.person(&who.text)).map(|person| self.view.cast.name_of(person));
        let holds = tasks.iter().any(|task| task.claimed == wanted);
        let told = |task: &&TaskSeen| task.claimed.clone().unwrap_or_else(|| "无人 nobody".to_owned());
        (!holds).then(|| listed(tasks.iter().map(told).collect()))
    }
}

/// What was said, as the expectation that would have held.
fn told_notices(said: &BTreeSet<(String, String)>) -> String {
    pasteable("通知", said.iter().map(|(kind, name)| format!("{kind} 给 {name}")).collect())
}

/// Found things in the words of an expectation, to be copied into the file.
fn pasteable(word: &str, items: Vec<String>) -> String {
    format!("{word}：{}", if items.is_empty() { "无".to_owned() } else { items.join("、") })
}

fn listed(items: Vec<String>) -> String {
    if items.is_empty() { "无 none".to_owned() } else { items.join(", ") }
}

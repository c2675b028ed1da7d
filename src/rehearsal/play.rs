//! The course of a play: which task a line means, when a time is, and line by line the verdict.
//! Invariant: a driver hands in what was answered and what it sees, and gets the same verdict for the same; the first line that fails ends the file.
//! Never: acts. A driver is a loop of `next`, its own way of acting and looking, and `judged`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::engine::case::{BodyRef, Local};
use crate::ids::{CaseId, Moment, Name, PersonId, Tenant};
use crate::rehearsal::cast::Cast;
use crate::rehearsal::expect::Expect;
use crate::rehearsal::judge::{self, Miss};
use crate::rehearsal::script::{ActLine, Deed, Line, TimeMove, Word};
use crate::rehearsal::seen::{JobSeen, Looks, Scene, TaskSeen};
use crate::rehearsal::verbs::{Said, Slot, Verb};

/// The opinion of a line that writes none.
const OPINION: &str = "经审查，按本意见办理。";
/// A task, a term that never was: the engine says that there is none.
const NEVER: Local = Local::MAX;
/// The outcome with which an applicant hands in corrected papers.
const RESUBMITTED: &str = "resubmitted";

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineVerdict {
    /// Its number.
    pub line: u32,
    /// As written.
    pub text: String,
    /// What was not as expected.
    pub misses: Vec<Miss>,
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Line by line, up to the first that failed.
    pub lines: Vec<LineVerdict>,
}

impl Verdict {
    /// Whether every line came out as written.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failed().is_none()
    }

    /// The line that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&LineVerdict> {
        self.lines.iter().find(|line| !line.misses.is_empty())
    }
}

/// What an act was answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Done; for a start, the case it made.
    Done(Option<CaseId>),
    /// Refused: code and sentence.
    Refused(String, String),
    /// Something broke that must not.
    Broken(String),
}

impl Answer {
    /// Refused, with every field that is wrong and why, the same words from the engine and through HTTP.
    pub fn refused(code: String, sentence: &str, details: impl Iterator<Item = (String, String)>) -> Self {
        let details: Vec<String> = details.map(|(path, why)| format!("{path} {why}")).collect();
        Self::Refused(code, [sentence.to_owned(), details.join("；")].join(" ").trim().to_owned())
    }
}

/// What a driver has to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// Have this act done.
    Act(Box<Asked>),
    /// Let time pass until then, with everything that falls due on the way.
    Until(Moment),
    /// Issue to an account.
    Issue(String, i64),
    /// Have a worker program fetch outside jobs.
    Fetch(Box<Fetch>),
    /// Nothing.
    Look,
}

/// A fetch of outside jobs, with everything it means.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Who; `None` is the system.
    pub who: Option<PersonId>,
    /// What they are called.
    pub name: String,
    /// The case.
    pub case: CaseId,
    /// The topic.
    pub topic: Name,
    /// For how many seconds.
    pub lease_s: u32,
    of_step: BTreeSet<(String, String)>,
    case_name: String,
}

/// An act, with everything it means.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who; `None` is the system.
    pub who: Option<PersonId>,
    /// The verb.
    pub verb: &'static Verb,
    /// The case's name in the file.
    pub name: String,
    /// The case; for a start, the id the engine gives it.
    pub case: CaseId,
    /// Whether it begins the case.
    pub starts: bool,
    /// The opinion.
    pub opinion: Option<String>,
    /// The answer's fields.
    pub fields: Option<Map<String, Value>>,
    /// The form.
    pub form: Option<Value>,
    task: Local,
    job: Local,
    fence: i64,
    term: Local,
    outcome: String,
    to: String,
    scope: Local,
    number: u32,
    words: Vec<Name>,
    seats: Vec<(Name, Name)>,
    people: Vec<PersonId>,
}

impl Asked {
    /// The act in the words a verb's line of the table is written in.
    #[must_use]
    pub fn said<'p>(&'p self, cast: &'p Cast, tenant: Tenant, (body, form_body): (Option<BodyRef>, Option<BodyRef>)) -> Said<'p> {
        Said {
            tenant,
            case: self.case,
            workflow: &cast.procedure,
            revision: cast.bundle.digest,
            task: self.task,
            job: self.job,
            fence: self.fence,
            term: self.term,
            outcome: self.outcome.as_str().into(),
            to: self.to.as_str().into(),
            scope: self.scope,
            number: self.number,
            words: self.words.clone(),
            seats: self.seats.clone(),
            people: self.people.clone(),
            opinion: self.opinion.as_deref(),
            fields: self.fields.as_ref(),
            form: self.form.as_ref(),
            body,
            form_body,
        }
    }
}

/// A play.
#[derive(Debug)]
pub struct Play<'c> {
    cast: &'c Cast,
    /// What the clock shows.
    pub now: Moment,
    cases: BTreeMap<String, CaseId>,
    forms: BTreeMap<String, Value>,
    /// Every task that was ever open, so that whoever comes late can still ask for it.
    ever: BTreeMap<String, BTreeMap<Local, TaskSeen>>,
    /// The same of outside jobs.
    ever_jobs: BTreeMap<String, BTreeMap<Local, JobSeen>>,
    /// The newest lease each worker got of each job.
    leases: BTreeMap<(PersonId, CaseId, Local), i64>,
    scene: Scene,
    about: Option<String>,
    acted: Option<Local>,
    here: usize,
    verdict: Verdict,
}

impl<'c> Play<'c> {
    /// A play about to begin.
    #[must_use]
    pub fn new(cast: &'c Cast) -> Self {
        Self {
            cast,
            now: cast.script.today.unwrap_or(Moment(0)),
            cases: BTreeMap::new(),
            forms: BTreeMap::new(),
            ever: BTreeMap::new(),
            ever_jobs: BTreeMap::new(),
            leases: BTreeMap::new(),
            scene: Scene::default(),
            about: None,
            acted: None,
            here: 0,
            verdict: Verdict::default(),
        }
    }

    /// The cases so far, by name.
    #[must_use]
    pub fn cases(&self) -> &BTreeMap<String, CaseId> {
        &self.cases
    }

    /// What the file ever looks at.
    #[must_use]
    pub fn looks(&self) -> Looks {
        let expects = || self.cast.script.lines.iter().flat_map(|line| &line.expects).map(|expected| &expected.what);
        Looks {
            notices: expects().any(|what| matches!(what, Expect::Said(_) | Expect::Unsaid(_))),
            accounts: expects().any(|what| matches!(what, Expect::Balance(..) | Expect::Postings(..) | Expect::Waiting(..))),
            postings: expects().any(|what| matches!(what, Expect::Postings(..))),
        }
    }

    /// What the next line asks for; `None` when the play is over.
    pub fn next_step(&mut self) -> Option<Step> {
        if !self.verdict.passed() {
            return None;
        }
        let line = self.cast.script.lines.get(self.here)?;
        self.acted = None;
        Some(match &line.deed {
            Deed::Act(act) => {
                let asked = self.asked(act);
                self.about = Some(act.case.text.clone());
                self.acted = Some(asked.task);
                Step::Act(Box::new(asked))
            }
            Deed::Time(time) => {
                self.now = self.then(*time);
                Step::Until(self.now)
            }
            Deed::Issue { account, amount } => Step::Issue(account.text.clone(), *amount),
            Deed::Fetch { who, case, step, minutes } => {
                self.about = Some(case.text.clone());
                Step::Fetch(Box::new(self.fetch(who, case, step, *minutes)))
            }
            Deed::Look(case) => {
                self.about = Some(case.text.clone());
                Step::Look
            }
        })
    }

    fn then(&self, time: TimeMove) -> Moment {
        const MINUTE_MS: i64 = 60_000;
        match time {
            TimeMove::Until(moment) => moment.max(self.now),
            TimeMove::Minutes(minutes) => Moment(self.now.0 + i64::from(minutes) * MINUTE_MS),
            TimeMove::Days(days, unit) => {
                let days = i32::try_from(days).unwrap_or(i32::MAX);
                let day = self.cast.calendar.shift(self.now.date(), days, unit).unwrap_or_else(|| self.now.date());
                Moment::at(day, self.now.civil().time())
            }
        }
    }

    fn fetch(&self, who: &Word, case: &Word, step: &Word, minutes: u32) -> Fetch {
        let of_step = self.cast.steps(&step.text);
        let nowhere = CaseId(Uuid::nil());
        Fetch {
            who: self.cast.person(&who.text),
            name: self.cast.person(&who.text).map_or_else(|| who.text.clone(), |person| self.cast.name_of(person)),
            case: self.cases.get(&case.text).copied().unwrap_or(nowhere),
            topic: self.cast.topic(&of_step).unwrap_or_default(),
            lease_s: minutes.saturating_mul(60),
            of_step,
            case_name: case.text.clone(),
        }
    }

    /// What a worker fetched: refused when nothing of the step was there to fetch.
    pub fn fetched(&mut self, fetch: &Fetch, jobs: &[(Local, i64)]) -> Answer {
        let open = self.scene.cases.get(&fetch.case_name).map(|seen| seen.jobs.clone()).unwrap_or_default();
        let wanted = |job: &Local| open.get(job).is_some_and(|job| fetch.of_step.contains(&(job.program.clone(), job.step.clone())));
        for (job, fence) in jobs {
            if let Some(who) = fetch.who {
                self.leases.insert((who, fetch.case, *job), *fence);
            }
        }
        if jobs.iter().any(|(job, _)| wanted(job)) {
            return Answer::Done(None);
        }
        Answer::Refused("nothing_to_fetch".to_owned(), "没有可以领取的作业".to_owned())
    }

    /// The case an act began.
    pub fn began(&mut self, name: &str, case: CaseId) {
        self.cases.insert(name.to_owned(), case);
    }

    /// Judges the line by what was answered and is seen now.
    pub fn judged(&mut self, answer: &Answer, scene: Scene) {
        let Some(line) = self.cast.script.lines.get(self.here) else { return };
        self.here += 1;
        let view = judge::View {
            cast: self.cast,
            before: &self.scene,
            after: &scene,
            cases: &self.cases,
            about: self.about.as_deref(),
            acted: self.acted,
            now: self.now,
        };
        let misses = view.misses(line, answer);
        self.verdict.lines.push(LineVerdict { line: line.number, text: line.text.clone(), misses });
        for (name, seen) in &scene.cases {
            self.ever.entry(name.clone()).or_default().extend(seen.tasks.clone());
            self.ever_jobs.entry(name.clone()).or_default().extend(seen.jobs.clone());
        }
        self.scene = scene;
    }

    /// What came of it.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        self.verdict
    }

    /// The line that is played now.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        self.cast.script.lines.get(self.here)
    }

    fn asked(&mut self, act: &ActLine) -> Asked {
        let name = act.case.text.clone();
        let starts = act.verb.words.contains(&"submits");
        let fresh = CaseId(Uuid::from_u128(self.cases.len() as u128 + 1));
        let case = if starts { fresh } else { self.cases.get(&name).copied().unwrap_or(fresh) };
        let mut asked = Asked {
            who: act.who.as_ref().and_then(|who| self.cast.person(&who.text)),
            verb: act.verb,
            case,
            starts,
            opinion: Some(act.said.clone().unwrap_or_else(|| OPINION.to_owned())).filter(|said| !said.trim().is_empty()),
            fields: act.fields.clone(),
            form: self.form(act, &name),
            task: NEVER,
            job: NEVER,
            fence: 0,
            term: NEVER,
            outcome: String::new(),
            to: String::new(),
            scope: NEVER,
            number: 0,
            words: Vec::new(),
            seats: Vec::new(),
            people: Vec::new(),
            name,
        };
        self.fill(&mut asked, act);
        asked
    }

    fn fill(&self, asked: &mut Asked, act: &ActLine) {
        let mut words = act.words.iter();
        for slot in act.verb.slots {
            let word = if *slot == Slot::OwnTask { None } else { words.next() };
            let text = word.map_or("", |word| word.text.as_str());
            match slot {
                Slot::Task => asked.task = self.task(asked, text),
                Slot::Job => {
                    asked.job = self.job(&asked.name, text);
                    asked.fence = asked.who.and_then(|who| self.leases.get(&(who, asked.case, asked.job))).copied().unwrap_or(0);
                }
                Slot::Outcome => asked.outcome = self.cast.outcome(&self.cast.steps(act.words.first().map_or("", |step| &step.text)), text),
                Slot::OwnTask => self.own_task(asked),
                Slot::Step => asked.to = self.cast.steps(text).into_iter().next().map_or_else(|| text.to_owned(), |(_, step)| step),
                Slot::Answered => (asked.scope, asked.to) = self.answered(&asked.name, text),
                Slot::Term => asked.term = self.term(&asked.name, text),
                Slot::Number => asked.number = text.parse().unwrap_or(0),
                Slot::Word => asked.words.push(text.into()),
                Slot::OneOf(known) => {
                    let meant = known.iter().find(|(written, _)| *written == text).map_or(text, |(_, meant)| *meant);
                    asked.words.push(meant.into());
                }
                Slot::Seats => {
                    let seats = text.split(['、', ',', '，']).filter_map(|seat| seat.split_once('/'));
                    asked.seats = seats.map(|(office, post)| (office.into(), post.into())).collect();
                }
                Slot::SeatOf => asked.task = self.task_of(&asked.name, act.words.first().map_or("", |step| &step.text), text),
                Slot::People => asked.people = text.split(['、', ',', '，']).filter_map(|name| self.cast.person(name)).collect(),
            }
        }
    }

    /// A step by its key, with the open link it is of.
    fn answered(&self, case: &str, step: &str) -> (Local, String) {
        let steps = self.cast.steps(step);
        let open = self.scene.cases.get(case).map(|seen| seen.scopes.as_slice()).unwrap_or_default();
        let found = open.iter().rev().find_map(|(scope, program)| Some((*scope, steps.iter().find(|(of, _)| of == program)?.1.clone())));
        found.unwrap_or_else(|| (NEVER, steps.into_iter().next().map_or_else(|| step.to_owned(), |(_, step)| step)))
    }

    /// The form as it then stands: what was filed before, with the line's changes.
    fn form(&mut self, act: &ActLine, name: &str) -> Option<Value> {
        if !act.verb.form && act.form.is_none() {
            return None;
        }
        let mut form = self.forms.get(name).cloned().unwrap_or_else(|| self.cast.form.clone());
        if let (Value::Object(fields), Some(changes)) = (&mut form, &act.form) {
            fields.extend(changes.clone());
            // As on the page: an answer that is taken away is not sent as a blank, which a form refuses where it does not ask.
            fields.retain(|_, answer| !answer.is_null());
        }
        self.forms.insert(name.to_owned(), form.clone());
        let empty = form.as_object().is_none_or(Map::is_empty);
        (!empty).then_some(form)
    }

    /// The task of a step that is meant for whoever acts: their own, then one they may do, then any; one that was open before when none is now.
    fn task(&self, asked: &Asked, step: &str) -> Local {
        let steps = self.cast.steps(step);
        let of_step = |tasks: &BTreeMap<Local, TaskSeen>| -> Vec<(Local, TaskSeen)> {
            let mine = tasks.iter().filter(|(_, task)| steps.contains(&(task.program.clone(), task.step.clone())));
            mine.map(|(id, task)| (*id, task.clone())).collect()
        };
        let open = self.scene.cases.get(&asked.name).map(|seen| of_step(&seen.tasks)).unwrap_or_default();
        let name = asked.who.map(|who| self.cast.name_of(who));
        let own = open.iter().find(|(_, task)| task.claimed.is_some() && task.claimed == name);
        let meant = own.or_else(|| open.iter().find(|(_, task)| task.claimed.is_none() && self.may_do(task, asked)));
        let any = meant.or_else(|| open.iter().find(|(_, task)| self.may_do(task, asked))).or(open.first());
        let before = || self.ever.get(&asked.name).map(&of_step).unwrap_or_default();
        any.map(|(id, _)| *id)
            .or_else(|| before().iter().rev().find(|(_, task)| self.may_do(task, asked)).map(|(id, _)| *id))
            .or_else(|| before().last().map(|(id, _)| *id))
            .unwrap_or(NEVER)
    }

    /// The outside job of a step; one that was open before when none is now.
    fn job(&self, case: &str, step: &str) -> Local {
        let steps = self.cast.steps(step);
        let of_step =
            |jobs: &BTreeMap<Local, JobSeen>| jobs.iter().rfind(|(_, job)| steps.contains(&(job.program.clone(), job.step.clone()))).map(|(id, _)| *id);
        let open = self.scene.cases.get(case).and_then(|seen| of_step(&seen.jobs));
        open.or_else(|| self.ever_jobs.get(case).and_then(of_step)).unwrap_or(NEVER)
    }

    /// The open task of a step that is somebody's.
    fn task_of(&self, case: &str, step: &str, whom: &str) -> Local {
        let steps = self.cast.steps(step);
        let Some(seen) = self.scene.cases.get(case) else { return NEVER };
        let theirs = |task: &TaskSeen| {
            let of_step = steps.contains(&(task.program.clone(), task.step.clone()));
            of_step && judge::is_for(self.cast, task, whom, Some(&seen.applicant), self.now)
        };
        seen.tasks.iter().find(|(_, task)| theirs(task)).map_or(NEVER, |(id, _)| *id)
    }

    fn may_do(&self, task: &TaskSeen, asked: &Asked) -> bool {
        let applicant = self.scene.cases.get(&asked.name).map(|seen| seen.applicant.as_str());
        asked.who.is_some_and(|who| judge::is_for(self.cast, task, &self.cast.name_of(who), applicant, self.now))
    }

    fn own_task(&self, asked: &mut Asked) {
        let Some(seen) = self.scene.cases.get(&asked.name) else { return };
        let Some((id, task)) = seen.tasks.iter().find(|(_, task)| task.post == "applicant") else { return };
        asked.task = *id;
        let outcome = task.outcomes.iter().find(|outcome| *outcome == RESUBMITTED).or(task.outcomes.first());
        asked.outcome = outcome.cloned().unwrap_or_default();
    }

    fn term(&self, case: &str, word: &str) -> Local {
        let (within, key) = self.cast.term(word);
        let terms = self.scene.cases.get(case).map(|seen| &seen.terms);
        let found = terms.into_iter().flatten().find(|(_, term)| term.key == key && within.as_ref().is_none_or(|within| *within == term.program));
        found.map_or(NEVER, |(id, _)| *id)
    }
}

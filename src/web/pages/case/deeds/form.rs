//! The page of one act: what will happen, whom it may reach, and the form. Invariant: what was typed stands in it again, also when the act can no longer be done.

use serde::Serialize;

use super::{Asking, Deed, Typed, is_applicant, member_key};
use crate::app::deeds::transfer;
use crate::app::execute::Act;
use crate::app::failure::Fault;
use crate::app::notices::short_name;
use crate::engine::case::{Local, Task, TaskPool};
use crate::engine::refusal::Refusal;
use crate::ids::{Name, PersonId, Text};
use crate::web::pages::case::fresh_command;
use crate::web::pages::case::spoken::Spoken;

/// The page.
#[derive(Serialize)]
pub struct Page {
    title: String,
    #[serde(rename = "number_shown")]
    number: String,
    project: String,
    back: String,
    home: (&'static str, String),
    about: Option<String>,
    says: Vec<String>,
    action: String,
    command: String,
    hidden: Vec<(&'static str, String)>,
    picks: Vec<Pick>,
    words: Option<Words>,
    button: String,
    danger: bool,
    refused: Option<String>,
    /// Why there is no form.
    blocked: Option<String>,
    /// What was typed into a form that is gone.
    kept: String,
}

/// Something to choose.
#[derive(Serialize)]
struct Pick {
    id: &'static str,
    legend: String,
    hint: Option<String>,
    many: bool,
    wrong: Option<String>,
    lists: Vec<List>,
    votes: Option<String>,
}

/// Choices that belong together; with a title they are folded until one of them is chosen.
#[derive(Serialize)]
struct List {
    title: String,
    open: bool,
    options: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    value: String,
    title: String,
    note: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Words {
    label: String,
    hint: String,
    optional: bool,
    value: String,
    wrong: Option<String>,
}

impl Page {
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// Composes it.
pub fn page(asking: &Asking<'_>, typed: &Typed, refused: Option<&Refusal>) -> Result<Page, Fault> {
    let (spoken, file, deed) = (asking.spoken(), asking.file, asking.deed);
    let key = deed.key();
    let row = &file.working.row;
    let name = row.number.clone().unwrap_or_else(|| row.id.to_string());
    let applicant = is_applicant(asking.visitor);
    let shelf = if applicant { "projects" } else { "cases" };
    let picks = picks(asking, typed, refused);
    let blocked = blocked(asking, typed, &picks).map(|why| spoken.say(&why));
    let said = |text: &Refusal| spoken.say(&Text { zh: text.zh.clone(), en: text.en.clone() });
    let lacks_words = refused.filter(|refusal| matches!(refusal.code, "reason_required" | "opinion_required"));
    let words = Words {
        label: spoken.t(&format!("deed-{key}-words")),
        hint: spoken.t("deed-words-hint"),
        optional: !deed.needs_words(),
        value: typed.opinion.clone(),
        wrong: lacks_words.map(said),
    };
    let mut hidden = Vec::new();
    hidden.extend(typed.task.filter(|_| deed != Deed::Urge).map(|task| ("task", task.to_string())));
    hidden.extend(typed.scope.map(|scope| ("scope", scope.to_string())));
    hidden.extend(Some(("step", typed.step.clone())).filter(|(_, step)| !step.is_empty()));
    Ok(Page {
        title: spoken.t(&format!("deed-{key}")),
        project: row.title.clone().unwrap_or_default(),
        back: format!("/{shelf}/{name}"),
        home: if applicant { ("/projects", spoken.t("nav-projects")) } else { ("/cases", spoken.t("cases-title")) },
        about: about(asking, typed),
        says: says(asking, typed),
        action: format!("/cases/{name}/do/{key}"),
        command: fresh_command()?,
        hidden,
        kept: Some(typed.opinion.clone()).filter(|_| blocked.is_some()).unwrap_or_default(),
        picks,
        words: (deed != Deed::Recall).then_some(words),
        button: spoken.t(&format!("deed-{key}-button")),
        danger: matches!(deed, Deed::RemoveSigner | Deed::TakeBack),
        refused: refused.map(said),
        blocked,
        number: row.number.clone().unwrap_or_else(|| short_name(row.id)),
    })
}

/// The step it is about, with who is asked.
fn about(asking: &Asking<'_>, typed: &Typed) -> Option<String> {
    let spoken = asking.spoken();
    let state = asking.file.state();
    match (asking.deed, typed.task.and_then(|task| state.tasks.get(&task)), typed.scope) {
        (Deed::Urge, ..) => None,
        (_, Some(task), _) => Some(spoken.with("deed-about", &[("step", &step(asking, task.scope, &task.step)), ("who", &pool(&spoken, &task.pool))])),
        (_, None, Some(scope)) => Some(spoken.with("deed-about-step", &[("step", &step(asking, scope, &typed.step))])),
        (_, None, None) => None,
    }
}

fn says(asking: &Asking<'_>, typed: &Typed) -> Vec<String> {
    let (spoken, key) = (asking.spoken(), asking.deed.key());
    let task = typed.task.and_then(|task| asking.file.state().tasks.get(&task));
    let mut says = vec![spoken.t(&format!("deed-{key}-what")), spoken.t(&format!("deed-{key}-record"))];
    let named = match asking.deed {
        Deed::Reply => task.and_then(|task| task.claimed),
        Deed::Recall => task.and_then(|task| task.delegate),
        Deed::DecideRecusal => task.and_then(|task| task.recusal),
        _ => None,
    };
    if let Some(person) = named {
        says.insert(0, spoken.with(&format!("deed-{key}-who"), &[("who", &spoken.person(person))]));
    }
    says
}

fn step(asking: &Asking<'_>, scope: Local, step: &str) -> String {
    let program = asking.file.state().scopes.get(&scope).map(|scope| &scope.program);
    let node = program.and_then(|program| asking.file.node(program, step));
    node.map_or_else(|| step.to_owned(), |node| asking.spoken().say(&node.title))
}

fn pool(spoken: &Spoken<'_>, pool: &TaskPool) -> String {
    match pool {
        TaskPool::Applicant => spoken.t("case-applicant"),
        TaskPool::Posts { offices, post } => spoken.pool(offices, post),
    }
}

/// Why it cannot be done at all: nobody may be chosen, or the engine would refuse it whatever was filled in.
fn blocked(asking: &Asking<'_>, typed: &Typed, picks: &[Pick]) -> Option<Text> {
    let (file, me) = (asking.file, asking.visitor.person);
    let nobody = PersonId(uuid::Uuid::nil());
    let task = typed.task.unwrap_or(Local::MAX);
    let none_to_choose = picks.first().is_some_and(|pick| pick.lists.iter().all(|list| list.options.is_empty()));
    let tried = match asking.deed {
        Deed::Transfer if none_to_choose => transfer(task, nobody),
        Deed::Delegate if none_to_choose => Act::Delegate { task, to: nobody, opinion: None },
        Deed::AskRecusal if none_to_choose => Act::AskRecusal { task, of: nobody, opinion: None },
        Deed::RemoveSigner | Deed::Urge if none_to_choose => {
            let spoken = |language| Spoken { language, ..asking.spoken() }.t(&format!("deed-{}-none", asking.deed.key()));
            return Some(Text { zh: spoken(crate::notice::Language::Zh), en: spoken(crate::notice::Language::En) });
        }
        Deed::Transfer | Deed::Delegate | Deed::AskRecusal | Deed::RemoveSigner | Deed::Urge => return None,
        Deed::Reply => Act::Reply { task, opinion: None },
        Deed::Recall => Act::Recall { task },
        Deed::AddSigners => super::offers::adding(task),
        Deed::TakeBack => Act::TakeBack { scope: typed.scope.unwrap_or(Local::MAX), step: typed.step.as_str().into(), opinion: None },
        Deed::DecideRecusal => Act::DecideRecusal { task, agreed: false, opinion: None },
        Deed::Copy => Act::Copy { to: vec![me], task: None, opinion: None },
        Deed::Comment => Act::Comment { task: None, opinion: None },
    };
    match file.would(me, &tried) {
        Ok(()) => None,
        Err(refusal) if super::offers::only_lacks_seats(&refusal) => None,
        Err(refusal) => Some(Text { zh: refusal.zh, en: refusal.en }),
    }
}

fn picks(asking: &Asking<'_>, typed: &Typed, refused: Option<&Refusal>) -> Vec<Pick> {
    let (file, me) = (asking.file, asking.visitor.person);
    let task = typed.task.unwrap_or(Local::MAX);
    let maker = Maker { asking, typed, refused };
    match asking.deed {
        Deed::Transfer => vec![maker.people(&file.people_for(task, me, |to| transfer(task, to)))],
        Deed::Delegate => vec![maker.people(&file.people_for(task, me, |to| Act::Delegate { task, to, opinion: None }))],
        Deed::AskRecusal => vec![maker.people(&file.people_for(task, me, |of| Act::AskRecusal { task, of, opinion: None }))],
        Deed::AddSigners => vec![maker.places(), maker.seats(), maker.rules()],
        Deed::RemoveSigner => vec![maker.members()],
        Deed::DecideRecusal => vec![maker.answers()],
        Deed::Copy => vec![maker.everybody()],
        Deed::Urge => vec![maker.steps()],
        Deed::Reply | Deed::Recall | Deed::TakeBack | Deed::Comment => Vec::new(),
    }
}

struct Maker<'a> {
    asking: &'a Asking<'a>,
    typed: &'a Typed,
    refused: Option<&'a Refusal>,
}

impl Maker<'_> {
    fn pick(&self, (id, many): (&'static str, bool), codes: &[&str], lists: Vec<List>) -> Pick {
        let spoken = self.asking.spoken();
        let wrong = self.refused.filter(|refusal| codes.contains(&refusal.code));
        Pick {
            id,
            legend: spoken.t(&format!("deed-pick-{id}-{}", self.asking.deed.key())),
            hint: None,
            many,
            wrong: wrong.map(|refusal| spoken.say(&Text { zh: refusal.zh.clone(), en: refusal.en.clone() })),
            lists,
            votes: None,
        }
    }

    fn people(&self, people: &[PersonId]) -> Pick {
        let single = people.len() == 1;
        let options = people.iter().map(|person| self.person(*person, single)).collect();
        self.pick(("to", false), &["person_required", "recipient_outside", "recipient_barred", "delegate_outside", "recusal_of_nobody"], plain(options))
    }

    fn person(&self, person: PersonId, single: bool) -> Choice {
        let spoken = self.asking.spoken();
        let posts = self.asking.file.known.roster.posts_of(person, self.asking.file.now.date());
        let posts: Vec<String> = posts.iter().map(|(office, post)| spoken.pool(std::slice::from_ref(office), post)).collect();
        let value = person.to_string();
        Choice {
            id: format!("to-{value}"),
            title: spoken.person(person),
            note: posts.join(&spoken.t("case-and")),
            chosen: single || self.typed.to.contains(&value),
            value,
        }
    }

    /// Officials, office by office.
    fn everybody(&self) -> Pick {
        let lists = self.by_office(|office, post, person| {
            let spoken = self.asking.spoken();
            let value = person.to_string();
            let note = spoken.named("post", post);
            Some(Choice { id: format!("to-{office}-{post}-{value}"), title: spoken.person(person), note, chosen: self.typed.to.contains(&value), value })
        });
        self.pick(("to", true), &["person_required", "copied_to_nobody"], lists)
    }

    /// Posts that somebody holds, office by office, each with its holders.
    fn seats(&self) -> Pick {
        let spoken = self.asking.spoken();
        let mut seen = std::collections::BTreeSet::new();
        let lists = self.by_office(|office, post, _| {
            let value = format!("{office}/{post}");
            if !seen.insert(value.clone()) {
                return None;
            }
            let holders = self.asking.file.known.roster.holders(office, post, self.asking.file.now.date());
            let holders: Vec<String> = holders.iter().map(|person| person.name.clone()).collect();
            let chosen = self.typed.seats.contains(&value);
            Some(Choice { id: format!("seat-{office}-{post}"), title: spoken.named("post", post), note: holders.join(&spoken.t("case-and")), chosen, value })
        });
        self.pick(("seat", true), &["seat_required", "seats_not_fillable", "nobody_in_post", "too_many_seats"], lists)
    }

    fn by_office(&self, mut choice: impl FnMut(&Name, &Name, PersonId) -> Option<Choice>) -> Vec<List> {
        let (spoken, me) = (self.asking.spoken(), self.asking.visitor.person);
        let mut lists: Vec<(Name, List)> = Vec::new();
        for (office, post, person) in self.asking.file.officials() {
            if person == me && self.asking.deed == Deed::Copy {
                continue;
            }
            if lists.last().is_none_or(|(last, _)| *last != office) {
                lists.push((office.clone(), List { title: spoken.office(&office), open: false, options: Vec::new() }));
            }
            if let Some((_, list)) = lists.last_mut() {
                list.options.extend(choice(&office, &post, person));
                list.open = list.options.iter().any(|option| option.chosen);
            }
        }
        // One's own office is the nearest: it comes first, unfolded.
        let own = |office: &Name| self.asking.visitor.posts.iter().any(|(held, _)| held == office);
        lists.sort_by_key(|(office, _)| !own(office));
        let near = |(office, list): (Name, List)| List { open: list.open || own(&office), ..list };
        lists.into_iter().map(near).filter(|list| !list.options.is_empty()).collect()
    }

    fn words(&self, id: &'static str, values: &[&str], chosen: &str) -> Vec<List> {
        let spoken = self.asking.spoken();
        let option = |value: &&str| Choice {
            id: format!("{id}-{value}"),
            title: spoken.t(&format!("deed-{id}-{value}")),
            note: spoken.t(&format!("deed-{id}-{value}-says")),
            chosen: *value == chosen,
            value: (*value).to_owned(),
        };
        plain(values.iter().map(option).collect())
    }

    fn places(&self) -> Pick {
        self.pick(("place", false), &["place_required"], self.words("place", &["before", "beside", "after"], &self.typed.place))
    }

    fn rules(&self) -> Pick {
        let chosen = if self.typed.rule.is_empty() { "all" } else { &self.typed.rule };
        let pick = self.pick(
            ("rule", false),
            &["rule_required", "votes_not_read", "added_group_wrong"],
            self.words("rule", &["all", "any", "in-order", "vote"], chosen),
        );
        Pick { votes: Some(self.typed.votes.clone()), ..pick }
    }

    fn answers(&self) -> Pick {
        self.pick(("agreed", false), &["answer_required", "nobody_else"], self.words("agreed", &["yes", "no"], &self.typed.agreed))
    }

    fn members(&self) -> Pick {
        let spoken = self.asking.spoken();
        let state = self.asking.file.state();
        let members = self.asking.file.removable(self.asking.visitor.person);
        let single = members.len() == 1;
        let option = |(member, token, asked): (crate::engine::command::MemberRef, Local, TaskPool)| {
            let value = member_key(member);
            let token = state.tokens.get(&token);
            let note = token.map_or_else(String::new, |token| step(self.asking, token.scope, &token.step));
            Choice { id: format!("member-{value}"), title: pool(&spoken, &asked), note, chosen: single || self.typed.member == value, value }
        };
        self.pick(("member", false), &["member_required", "no_such_member", "last_member"], plain(members.into_iter().map(option).collect()))
    }

    /// The steps that may be urged now.
    fn steps(&self) -> Pick {
        let spoken = self.asking.spoken();
        let urged: Vec<(Local, &Task)> = super::offers::urgeable(self.asking.file, self.asking.visitor.person);
        let single = urged.len() == 1;
        let option = |(id, task): (Local, &Task)| {
            let title = step(self.asking, task.scope, &task.step);
            Choice { id: format!("task-{id}"), title, note: pool(&spoken, &task.pool), chosen: single || self.typed.task == Some(id), value: id.to_string() }
        };
        self.pick(("task", false), &["task_required", "urged_recently", "no_such_task"], plain(urged.into_iter().map(option).collect()))
    }
}

fn plain(options: Vec<Choice>) -> Vec<List> {
    vec![List { title: String::new(), open: true, options }]
}

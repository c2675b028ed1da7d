//! The indicators of a tenant: read, reported, corrected, added and taken off. Each is an act of the register with its document, and a correction with its reason.
//! Invariant: a figure's row is never written again; the one that stands is the last reported for its day.
//! Never: a verdict kept; it follows from the figures and today.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::operate::{Told, line, wrong_input};
use crate::app::register::{self, put};
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::Actor;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{CommandId, Name, Tenant, Text};
use crate::indicators::judge::judge;
use crate::indicators::{Figure, Indicator, ListAct, ListVersion, Series, quantity, standing};
use crate::limits::INDICATOR_TEXT_MAX;
use crate::store::RegistryEntry;

/// The kind of rows that hold the indicators.
pub const INDICATOR: &str = "indicator";
/// The kind of rows that hold reported figures.
const FIGURE: &str = "indicator-figure";
/// The kind of rows that hold the versions of the list.
const LIST: &str = "indicator-list";

/// An indicator with its figures.
#[derive(Clone, Debug)]
pub struct Held {
    /// The indicator.
    pub indicator: Indicator,
    /// Every figure ever reported, in the order of their days, and of a day in the order they were reported.
    pub figures: Vec<Figure>,
}

/// A figure as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureAsked {
    /// Of which indicator.
    pub indicator: String,
    /// `value` or `reference`.
    pub series: String,
    /// The day it holds for, as YYYY-MM-DD.
    pub on: String,
    /// How much, in the indicator's unit.
    pub amount: String,
    /// The document it was taken from.
    pub document: String,
    /// Why it corrects an earlier one.
    pub reason: String,
}

/// A change of the list as it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListAsked {
    /// What is asked.
    pub change: ListChange,
    /// Why.
    pub reason: String,
    /// The document it rests on.
    pub document: String,
}

/// What is to become of the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListChange {
    /// An indicator more.
    Add(Box<Indicator>),
    /// One taken off.
    Drop(String),
}

impl App {
    /// Every indicator with its figures, in the order of the list.
    ///
    /// # Errors
    /// A fault.
    pub async fn indicators(&self, tenant: Tenant) -> Result<Vec<Held>, Fault> {
        let mut held: Vec<Held> =
            self.indicator_rows::<Indicator>(tenant, INDICATOR).await?.into_iter().map(|indicator| Held { indicator, figures: Vec::new() }).collect();
        held.sort_by(|left, right| (left.indicator.place, &left.indicator.key).cmp(&(right.indicator.place, &right.indicator.key)));
        let mut figures: Vec<Figure> = self.indicator_rows(tenant, FIGURE).await?;
        figures.sort_by_key(|figure| (figure.on, figure.series, figure.at, figure.command));
        for figure in figures {
            if let Some(of) = held.iter_mut().find(|held| held.indicator.key == figure.indicator) {
                of.figures.push(figure);
            }
        }
        Ok(held)
    }

    /// One indicator with its figures.
    ///
    /// # Errors
    /// `unknown_indicator`, or a fault.
    pub async fn indicator(&self, tenant: Tenant, key: &str) -> Result<Held, Failure> {
        let found = self.indicators(tenant).await?.into_iter().find(|held| *held.indicator.key == *key);
        found.ok_or_else(|| unknown(key).into())
    }

    /// The versions of the list, the newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn indicator_lists(&self, tenant: Tenant) -> Result<Vec<ListVersion>, Fault> {
        let mut lists: Vec<ListVersion> = self.indicator_rows(tenant, LIST).await?;
        lists.sort_by_key(|list| std::cmp::Reverse((list.number, list.at)));
        Ok(lists)
    }

    async fn indicator_rows<T: for<'de> Deserialize<'de>>(&self, tenant: Tenant, kind: &str) -> Result<Vec<T>, Fault> {
        let reading = |cause: &dyn std::fmt::Display| Fault::new(format!("reading {kind} rows of the register"), cause);
        let entries = self.store().registry_list(tenant, kind).await.map_err(|cause| reading(&cause))?;
        let parsed = |entry: RegistryEntry| serde_json::from_slice(&entry.value).map_err(|cause| reading(&cause));
        entries.into_iter().map(parsed).collect()
    }

    /// Reports a figure, or corrects one. What stands already, word for word, is left as it is.
    ///
    /// # Errors
    /// Everything that is wrong with it at once; that the actor may not; a fault.
    pub async fn report_figure(&self, tenant: Tenant, actor: Actor, command: Option<CommandId>, asked: &FigureAsked) -> Result<Figure, Failure> {
        let command = command.map_or_else(|| entropy().map(|random| CommandId::new(self.clock().now(), random)), Ok)?;
        // Of two first figures the second is a correction and hears that it needs its reason.
        let mut looks = register::Looks::default();
        loop {
            let answer = self.report_once(tenant, &actor, command, asked).await;
            if !looks.again(&answer) {
                return answer;
            }
            register::settles().await;
        }
    }

    async fn report_once(&self, tenant: Tenant, actor: &Actor, command: CommandId, asked: &FigureAsked) -> Result<Figure, Failure> {
        let after = self.register_seq(tenant, actor).await?;
        let held = self.indicator(tenant, &asked.indicator).await?;
        let known = self.known(tenant).await?;
        self.permit_indicators(&known, actor, Act::ReportFigures, &held.indicator)?;
        let now = self.clock().now();
        // The same form once more: its figure is there.
        if let Some(figure) = held.figures.iter().find(|figure| figure.command == command) {
            return Ok(figure.clone());
        }
        let read = read(&held, asked, now.date())?;
        let earlier = standing(&held.figures, read.series).into_iter().find(|figure| figure.on == read.on);
        if let Some(same) = earlier.filter(|earlier| earlier.amount == read.amount && earlier.document == read.document) {
            return Ok(same.clone());
        }
        let figure = Figure { by: known.called(actor), at: now, command, ..read };
        let key = format!("{}/{}/{}/{command}", figure.indicator, figure.series.key(), figure.on);
        let details = json!({"indicator": figure.indicator, "series": figure.series, "on": figure.on, "amount": figure.amount,
            "decimals": held.indicator.decimals, "document": figure.document, "reason": figure.reason, "was": earlier.map(|earlier| earlier.amount)});
        let rows = RegisterRows { registry: vec![put(self, tenant, FIGURE, &key, &figure)?], ..RegisterRows::default() };
        let what = if figure.reason.is_some() { "figure-corrected" } else { "figure-reported" };
        self.record_after((tenant, actor.clone()), (command, after), (what, details), rows).await?;
        Ok(figure)
    }

    /// Adds an indicator to the list or takes one off, as another version of the list.
    ///
    /// # Errors
    /// Everything that is wrong with it at once; that the actor may not; a fault.
    pub async fn change_indicators(&self, tenant: Tenant, actor: Actor, asked: &ListAsked) -> Result<ListVersion, Failure> {
        let known = self.known(tenant).await?;
        let all = self.indicators(tenant).await?;
        let (what, indicator) = match &asked.change {
            ListChange::Add(indicator) => {
                (ListAct::Added, Indicator { dropped: false, place: u32::try_from(all.len()).unwrap_or(u32::MAX), ..(**indicator).clone() })
            }
            ListChange::Drop(key) => {
                let found = all.iter().find(|held| *held.indicator.key == **key).ok_or_else(|| unknown(key))?;
                (ListAct::Dropped, Indicator { dropped: true, ..found.indicator.clone() })
            }
        };
        // Who keeps the list is said by what is on it, not by what somebody wants to add.
        let keeper = all.iter().find(|held| what == ListAct::Added || held.indicator.key == indicator.key).map_or(&indicator, |held| &held.indicator);
        self.permit_indicators(&known, &actor, Act::ChangeIndicators, keeper)?;
        let mut wrong = Vec::new();
        said("reason", &asked.reason, ("请写明理由", "expected a reason, found nothing"), &mut wrong);
        said("document", &asked.document, ("请写明依据文件", "expected the document it rests on, found nothing"), &mut wrong);
        let taken = all.iter().any(|held| held.indicator.key == indicator.key && (what == ListAct::Added || held.indicator.dropped));
        if taken {
            let key = &indicator.key;
            let (zh, en) = match what {
                ListAct::Added | ListAct::Planted => (format!("指标 {key} 已在清单上"), format!("expected a new key, found `{key}`, which is on the list")),
                ListAct::Dropped => (format!("指标 {key} 已经退出清单"), format!("expected an indicator on the list, found `{key}`, which was taken off")),
            };
            wrong.push(Detail::new("indicator", "taken", zh, en));
        }
        if !wrong.is_empty() {
            return Err(wrong_input("list_wrong", wrong.into_iter()).into());
        }
        self.put_list(tenant, actor, (what, asked), vec![indicator]).await
    }

    /// Puts indicators on record as a version of the list.
    async fn put_list(&self, tenant: Tenant, actor: Actor, (what, asked): (ListAct, &ListAsked), indicators: Vec<Indicator>) -> Result<ListVersion, Failure> {
        let known = self.known(tenant).await?;
        let number = self.indicator_lists(tenant).await?.first().map_or(1, |last| last.number.saturating_add(1));
        let version = ListVersion {
            number,
            what,
            indicators: indicators.iter().map(|indicator| indicator.key.clone()).collect(),
            reason: asked.reason.trim().to_owned(),
            document: asked.document.trim().to_owned(),
            by: known.called(&actor),
            at: self.clock().now(),
        };
        let mut registry = indicators.iter().map(|indicator| put(self, tenant, INDICATOR, &indicator.key, indicator)).collect::<Result<Vec<_>, _>>()?;
        // The command's id is that of what is done: nothing is added or taken off twice. The number only orders; two changes at once may both have it.
        let id = CommandId::of(&format!("indicator list {tenant} {what:?} {}", version.indicators.join(" ")));
        registry.push(put(self, tenant, LIST, &format!("{number:06}/{id}"), &version)?);
        let details = json!({"what": what, "indicators": version.indicators, "reason": version.reason, "document": version.document});
        let rows = RegisterRows { registry, ..RegisterRows::default() };
        self.record_as(tenant, actor, Some(id), "indicators-changed", details, rows).await?;
        Ok(version)
    }

    /// Plants indicators of a plan that are not there yet.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn plant_indicators(&self, tenant: Tenant, actor: Actor, indicators: Vec<Indicator>, document: &str) -> Result<(), Failure> {
        if indicators.is_empty() {
            return Ok(());
        }
        let change = ListChange::Drop(String::new());
        let asked = ListAsked { change, reason: "按方案列入".to_owned(), document: document.to_owned() };
        self.put_list(tenant, actor, (ListAct::Planted, &asked), indicators).await.map(drop)
    }

    /// Whether somebody may do this with an indicator.
    #[must_use]
    pub fn may_indicators(&self, known: &Known, actor: &Actor, act: Act, indicator: &Indicator) -> Verdict {
        let today = self.clock().now().date();
        let standing = match actor {
            Actor::Person(person) => {
                let posts = known.roster.posts_of(*person, today);
                let own = |offices: &[Name]| offices.iter().any(|office| posts.iter().any(|(held, _)| *held == known.roster.current(office, today)));
                let keeps = own(std::slice::from_ref(&indicator.keeper));
                let in_charge = keeps || (act == Act::ReportFigures && own(&indicator.reporters));
                let disabled = known.roster.people.get(person).is_none_or(|person| person.disabled);
                Standing { in_charge, disabled, ..Standing::of(posts) }
            }
            Actor::System | Actor::Operator(_) => Standing::default(),
        };
        may(actor, act, &standing)
    }

    fn permit_indicators(&self, known: &Known, actor: &Actor, act: Act, indicator: &Indicator) -> Result<(), Refusal> {
        match self.may_indicators(known, actor, act, indicator) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(why) => {
                let offices = if act == Act::ReportFigures { indicator.reporters.as_slice() } else { std::slice::from_ref(&indicator.keeper) };
                let names: Vec<Text> = offices.iter().map(|office| known.office(office)).collect();
                let zh = names.iter().map(|name| name.zh.as_str()).collect::<Vec<_>>().join("、");
                let en = names.iter().map(|name| name.en.as_str()).collect::<Vec<_>>().join(", ");
                Err(refusal(why.code, Class::Forbidden, format!("{}。可以办理的单位：{zh}", why.zh), format!("{}; who may: {en}", why.en)))
            }
        }
    }

    /// Lists them for a command line.
    pub(in crate::app) async fn indicators_told(&self, tenant: Tenant) -> Result<Told, Failure> {
        let today = self.clock().now().date();
        let mut told = Vec::new();
        for held in self.indicators(tenant).await? {
            let of = &held.indicator;
            for judged in judge(of, &held.figures, today) {
                let year = judged.year.map_or_else(|| "–".to_owned(), |year| year.to_string());
                let shown = |amount: Option<i64>| amount.map_or_else(|| "–".to_owned(), |amount| quantity::shown(amount, of.decimals));
                let (value, goal) = (shown(judged.value.map(|figure| figure.amount)), shown(judged.goal));
                let share = judged.per_mille.map_or_else(String::new, |share| format!(" {}", quantity::per_cent(share)));
                let (words, dropped) = (judged.verdict.words(), if of.dropped { ("（已退出清单）", " (off the list)") } else { ("", "") });
                told.push(line(
                    format!("{} {}{} {year}：{value} / {goal} {}{share} {}", of.key, of.title.zh, dropped.0, of.unit.zh, words.zh),
                    format!("{} {}{} {year}: {value} / {goal} {}{share} {}", of.key, of.title.en, dropped.1, of.unit.en, words.en),
                ));
            }
        }
        Ok(told)
    }

    /// Reports from a command line.
    pub(in crate::app) async fn figure_told(&self, tenant: Tenant, actor: Actor, asked: &FigureAsked) -> Result<Told, Failure> {
        let figure = self.report_figure(tenant, actor, None, asked).await?;
        let Figure { indicator, on, document, .. } = &figure;
        Ok(vec![line(format!("{indicator} {on} 已登记，依据 {document}"), format!("{indicator} {on} is on record, by {document}"))])
    }

    /// Changes the list from a command line.
    pub(in crate::app) async fn list_told(&self, tenant: Tenant, actor: Actor, asked: &ListAsked) -> Result<Told, Failure> {
        let version = self.change_indicators(tenant, actor, asked).await?;
        let number = version.number;
        Ok(vec![line(format!("指标清单第 {number} 版"), format!("version {number} of the list of indicators"))])
    }
}

fn unknown(key: &str) -> Refusal {
    refusal("unknown_indicator", Class::NotFound, format!("没有指标“{key}”。"), format!("cannot find an indicator `{key}`"))
}

/// Something that must be said, and not at too great length.
fn said(field: &str, text: &str, (zh, en): (&str, &str), wrong: &mut Vec<Detail>) {
    if text.trim().is_empty() {
        wrong.push(Detail::new(field, "missing", zh, en));
    } else if text.chars().count() > INDICATOR_TEXT_MAX {
        let most = INDICATOR_TEXT_MAX;
        wrong.push(Detail::new(field, "too_long", format!("最多 {most} 字"), format!("expected at most {most} characters")));
    }
}

/// Reads what was typed; every mistake at once.
fn read(held: &Held, asked: &FigureAsked, today: NaiveDate) -> Result<Figure, Failure> {
    let (of, mut wrong) = (&held.indicator, Vec::new());
    let series = match asked.series.as_str() {
        "value" => Some(Series::Value),
        "reference" if of.is_relative() => Some(Series::Reference),
        _ => None,
    };
    if series.is_none() {
        let (zh, en) =
            if of.is_relative() { ("请选择本地数值或参照值", "`value` or `reference`") } else { ("该指标只填本地数值", "`value`") };
        wrong.push(Detail::new("series", "unknown_word", zh, format!("expected {en}, found `{}`", asked.series)));
    }
    let on = asked.on.trim().parse::<NaiveDate>().ok().filter(|on| *on <= today);
    if on.is_none() {
        let zh = format!("日期应为 {today} 或以前的一天，如 2020-12-31");
        wrong.push(Detail::new("on", "date", zh, format!("expected a day until {today} as YYYY-MM-DD, found `{}`", asked.on.trim())));
    }
    let amount = quantity::read(&asked.amount, of.decimals);
    if amount.is_none() {
        let (places, unit) = (of.decimals, &of.unit);
        let zh = if places == 0 { format!("数值应为整数，单位{}", unit.zh) } else { format!("数值最多 {places} 位小数，单位{}", unit.zh) };
        let en = format!("expected a number with at most {places} decimals ({}), found `{}`", unit.en, asked.amount.trim());
        wrong.push(Detail::new("amount", "number", zh, en));
    }
    said("document", &asked.document, ("请写明数值的出处", "expected the document it was taken from, found nothing"), &mut wrong);
    let earlier = series.zip(on).and_then(|(series, on)| standing(&held.figures, series).into_iter().find(|figure| figure.on == on));
    let changes = earlier.is_some_and(|earlier| Some(earlier.amount) != amount || earlier.document != asked.document.trim());
    let reason = Some(asked.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if changes {
        said("reason", &asked.reason, ("这一天已有数值，更正要写明理由", "expected a reason: there is a figure for this day already"), &mut wrong);
    }
    match (series, on, amount) {
        (Some(series), Some(on), Some(amount)) if wrong.is_empty() => Ok(Figure {
            indicator: of.key.clone(),
            series,
            on,
            amount,
            document: asked.document.trim().to_owned(),
            reason: reason.filter(|_| changes),
            by: String::new(),
            at: crate::ids::Moment(0),
            command: CommandId(uuid::Uuid::nil()),
        }),
        _ => Err(wrong_input("figure_wrong", wrong.into_iter()).into()),
    }
}

//! The same for a person at a terminal: what a calendar would move, what it moved, which versions there are.

use chrono::NaiveDate;

use super::{Move, Preview, Proposal, by_case, moved_on};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::operate::{Told, line};
use crate::calendar::{DayChange, DayKind};
use crate::identity::Actor;
use crate::ids::{Tenant, Text};

/// Characters of a stamp that are asked back.
const STAMP_CHARS: usize = 12;

impl App {
    /// Puts a calendar in force at once: for a start, a demonstration, a script.
    pub(in crate::app) async fn calendar_in_force(&self, tenant: Tenant, actor: Actor, proposal: Proposal) -> Result<Told, Failure> {
        let preview = self.apply_calendar(tenant, actor, &proposal, None).await?;
        Ok(vec![in_force(&preview)])
    }

    pub(in crate::app) async fn calendar_previewed(&self, tenant: Tenant, actor: &Actor, proposal: &Proposal) -> Result<Told, Failure> {
        let preview = self.preview_calendar(tenant, actor, proposal).await?;
        Ok(told(&preview))
    }

    pub(in crate::app) async fn calendar_applied(&self, tenant: Tenant, actor: Actor, proposal: &Proposal, stamp: &str) -> Result<Told, Failure> {
        let preview = self.preview_calendar(tenant, &actor, proposal).await?;
        if preview.unchanged {
            return Ok(vec![in_force(&preview)]);
        }
        // Too short a stamp could fit by chance.
        if stamp.len() < STAMP_CHARS || !preview.stamp.to_string().starts_with(stamp) {
            return Err(moved_on().into());
        }
        let applied = self.apply_calendar(tenant, actor, proposal, Some(preview.stamp)).await?;
        let mut told = moves(&applied.moves);
        told.push(in_force(&applied));
        Ok(told)
    }

    pub(in crate::app) async fn calendars_told(&self, tenant: Tenant) -> Result<Told, Failure> {
        let known = self.known(tenant).await?;
        let mut told = Vec::new();
        for version in known.calendars.values() {
            let until = version.covered.map_or_else(|| "—".to_owned(), |(_, last)| last.to_string());
            let at = version.at.civil().format("%Y-%m-%d %H:%M");
            let (number, name, by, file) = (version.number, &version.version, &version.by, &version.file);
            let moved = version.done.as_ref().map_or_else(
                || line("尚未重算完", "not yet recomputed"),
                |done| line(format!("变动到期日 {} 个，涉及 {} 件", done.moved, done.cases), format!("{} dates moved in {} cases", done.moved, done.cases)),
            );
            let mut text = line(
                format!("第 {number} 版 {name}：{at} 由{by}发布（{file}），覆盖至 {until}；{}", moved.zh),
                format!("no. {number} {name}: put in force on {at} by {by} ({file}), covers until {until}; {}", moved.en),
            );
            for origin in &version.origins {
                text.zh.push_str(&format!("\n  {}：{}，{}", origin.what, origin.source, origin.published));
                text.en.push_str(&format!("\n  {}: {}, {}", origin.what, origin.source, origin.published));
            }
            told.push(text);
        }
        if told.is_empty() {
            told.push(line("还没有工作日历", "there is no calendar yet"));
        }
        Ok(told)
    }
}

fn in_force(preview: &Preview) -> Text {
    let (version, until) = (preview.calendar.version(), last(preview));
    let cases = by_case(&preview.moves).len();
    if preview.unchanged {
        return line(
            format!("工作日历 {version} 已在用，覆盖至 {until}，没有变化"),
            format!("calendar {version} is in force already until {until}; nothing was changed"),
        );
    }
    line(
        format!("工作日历 {version} 已生效，覆盖至 {until}；重算在办件 {cases} 件"),
        format!("calendar {version} is in force until {until}; {cases} open cases recomputed"),
    )
}

fn last(preview: &Preview) -> String {
    preview.calendar.covered().map(|(_, last)| last.to_string()).unwrap_or_default()
}

fn told(preview: &Preview) -> Told {
    let (version, until) = (preview.calendar.version(), last(preview));
    if preview.unchanged {
        return vec![in_force(preview)];
    }
    let before = if preview.before.is_empty() { "—" } else { &preview.before };
    let mut told = vec![line(format!("预览：{before} → {version}，覆盖至 {until}"), format!("preview: {before} -> {version}, covers until {until}"))];
    told.extend(preview.origins.iter().map(|origin| {
        let (what, source, published) = (&origin.what, &origin.source, origin.published);
        line(format!("  新增或更正 {what}：{source}，{published}"), format!("  new or amended {what}: {source}, {published}"))
    }));
    told.extend(preview.days.iter().map(day));
    told.extend(moves(&preview.moves));
    told.extend(preview.unread.iter().map(|unread| {
        let (name, why) = (&unread.name, &unread.why);
        line(
            format!("  {name}：读不出来，日期会不会变不知道（{why}）"),
            format!("  {name}: cannot be read, so whether its dates would move is not known ({why})"),
        )
    }));
    let (cases, moved, settled) = counts(&preview.moves);
    told.push(line(
        format!("看过在办件 {} 件：{moved} 个日期变动，{settled} 个由暂定转为确定，涉及 {cases} 件；什么也没有写入", preview.cases),
        format!("{} open cases looked at: {moved} dates would move, {settled} would settle, in {cases} cases; nothing was written", preview.cases),
    ));
    let stamp: String = preview.stamp.to_string().chars().take(STAMP_CHARS).collect();
    told.push(line(format!("确认：greenlane calendar apply … --stamp {stamp}"), format!("to confirm: greenlane calendar apply … --stamp {stamp}")));
    told
}

/// Cases, dates that become others, dates that stay and become certain.
fn counts(moves: &[Move]) -> (usize, usize, usize) {
    let settled = moves.iter().filter(|moved| moved.is_settled()).count();
    (by_case(moves).len(), moves.len() - settled, settled)
}

fn moves(moves: &[Move]) -> Told {
    moves.iter().map(moved).collect()
}

fn moved(moved: &Move) -> Text {
    let date = |date: Option<NaiveDate>, provisional: bool, (zh, en): (&str, &str)| match (date, provisional) {
        (Some(date), false) => (date.to_string(), date.to_string()),
        (Some(date), true) => (format!("{date}（暂定）"), format!("{date} (provisional)")),
        (None, _) => (zh.to_owned(), en.to_owned()),
    };
    let none = ("无到期日", "no date");
    let (old, new) = (date(moved.old, moved.old_provisional, none), date(moved.new, moved.new_provisional, none));
    let name = moved.number.as_deref().unwrap_or(&moved.case);
    let what = match moved.kind.as_str() {
        "statutory" => line("法定", "statutory"),
        "promised" => line("承诺", "promised"),
        "step" => line("本步骤时限", "limit of the step"),
        _ => line("最短期限", "minimum period"),
    };
    let step = moved.step.as_ref().map(|step| line(format!("·{}", step.zh), format!(" / {}", step.en))).unwrap_or_default();
    line(
        format!("  {name} {}{} {}：{} → {}", moved.item.zh, step.zh, what.zh, old.0, new.0),
        format!("  {name} {}{} {}: {} -> {}", moved.item.en, step.en, what.en, old.1, new.1),
    )
}

fn day(change: &DayChange) -> Text {
    let kind = |kind: Option<&DayKind>| match kind {
        None => line("未公布", "not published"),
        Some(DayKind::Working) => line("工作日", "working day"),
        Some(DayKind::MakeUp(label)) => line(format!("{}调休上班", label.zh), format!("worked for {}", label.en)),
        Some(DayKind::Weekend) => line("周末", "weekend"),
        Some(DayKind::Holiday(label)) => line(format!("{}放假", label.zh), format!("{} holiday", label.en)),
        Some(DayKind::Closure(label)) => label.as_ref().clone(),
    };
    let (was, becomes) = (kind(change.was.as_ref()), kind(change.becomes.as_ref()));
    line(format!("  {}：{} → {}", change.date, was.zh, becomes.zh), format!("  {}: {} -> {}", change.date, was.en, becomes.en))
}

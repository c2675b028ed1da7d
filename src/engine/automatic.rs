//! Steps that nobody decides: tables, reservations, documents, numbers.
//! Invariant: they end in the act that reached them, with no person's name on them.
//! Never: an amount that is not a whole number of the account's unit.

use std::collections::BTreeMap;

use chrono::Datelike;

use crate::definition::graph::{Node, NumberRule, Settlement};
use crate::engine::case::Local;
use crate::engine::draft::{Draft, Spot, Step};
use crate::engine::event::Event;
use crate::engine::facts::{Balance, Need, Waiting};
use crate::engine::refusal::{Detail, Refusal};
use crate::engine::walk::Ending;
use crate::expr::{Expr, Table};
use crate::ids::Name;

impl<'f> Draft<'f> {
    /// A decision table. The row that hit stands in the event; what it was compared with does not, because an event outlives the form.
    pub fn consult_table(&mut self, spot: Spot, node: &Node, table: &Table) -> Step<()> {
        let context = self.context(spot.scope, &table.roots(), &table.paths())?;
        let verdict = table.eval(&context).map_err(|error| not_evaluated(&node.key, (&error.zh, &error.en)))?;
        let why = format!("{} row {}", table.key(), verdict.row);
        self.leave(spot, &Name::from(verdict.output), Ending { why: Some(why), ..Ending::default() })
    }

    /// Holds an answer back while its table lists anything: everything that is missing is named at once.
    pub fn nothing_missing(&mut self, spot: Spot, node: &Node, table: &Table) -> Step<()> {
        let context = self.context(spot.scope, &table.roots(), &table.paths())?;
        let listed = table.decide(&context).map_err(|error| not_evaluated(&node.key, (&error.zh, &error.en)))?;
        if listed.rows.is_empty() {
            return Ok(());
        }
        let details: Vec<Detail> =
            listed.rows.iter().filter_map(|row| table.row_says(*row)).map(|(key, says)| Detail::new(key, "missing", says.zh, says.en)).collect();
        let (title, count) = (table.title(), details.len());
        let named = |of: fn(&Detail) -> &str, between: &str| details.iter().map(of).collect::<Vec<_>>().join(between);
        let (zh, en) = (named(|detail| &detail.zh, "、"), named(|detail| &detail.en, ", "));
        let zh = format!("无法办理：{}缺 {count} 项：{zh}", title.zh);
        let en = format!("cannot complete step `{}`: {} lacks {count}: {en}", node.key, title.en);
        Err(Refusal { details, ..Refusal::conflict("evidence_missing", zh, en) }.into())
    }

    /// Reserves an amount, or finds the account short of it: more wanted than free, or somebody ahead in line.
    pub fn reserve(&mut self, spot: Spot, (account, amount): (&[Expr], &Expr), (settle, otherwise): (&BTreeMap<Name, Settlement>, Settlement)) -> Step<()> {
        let (account, amount) = self.wanted(spot.scope, account, amount)?;
        let step = self.node(spot.scope, spot.node)?.key.clone();
        // A step walked again reserves anew: what it held before is given back first, never doubled.
        let earlier = self.case.holds.iter().filter(|(_, hold)| hold.scope == spot.scope && hold.step == step);
        let earlier: Vec<Local> = earlier.map(|(id, _)| *id).collect();
        for hold in earlier {
            self.settle(hold, Settlement::Release)?;
        }
        let outcome = if amount == 0 || self.is_served(spot, &account, amount)? { "posted" } else { "short" };
        if outcome == "posted" && amount > 0 {
            let hold = self.local();
            let moved = self.moved.entry(account.clone()).or_default();
            *moved = moved.saturating_sub(amount);
            self.emit(Event::Reserved { hold, scope: spot.scope, step, account, amount, settle: settle.clone(), otherwise });
        }
        self.leave(spot, &Name::from(outcome), Ending::default())
    }

    fn is_served(&mut self, spot: Spot, account: &str, amount: i64) -> Step<bool> {
        let balance = self.balance(account)?;
        let free = balance.free.saturating_add(self.moved.get(account).copied().unwrap_or(0));
        let since = self.scope(spot.scope)?.short_since.get(account).copied().unwrap_or(self.facts.now);
        let rank = self.facts.bundle.rank_on(self.case.rank, self.facts.now.date());
        let own = (rank, since, self.case.id, spot.token);
        let is_own = |place: &Waiting| (place.case, place.token) == (self.case.id, spot.token);
        let ahead = balance.waiting.iter().any(|place| !is_own(place) && (place.rank, place.since, place.case, place.token) < own);
        Ok(free >= amount && !ahead)
    }

    fn balance(&mut self, account: &str) -> Step<&'f Balance> {
        match self.facts.balances.get(account) {
            None => Err(self.lacks(Need::Balance(account.to_owned()))),
            Some(Some(balance)) => Ok(balance),
            Some(None) => Err(Refusal::not_found(
                "unknown_account",
                format!("无法预留：没有账户 `{account}`"),
                format!("cannot reserve: there is no account `{account}`"),
            )
            .into()),
        }
    }

    /// The account a reservation is made from and how much it asks.
    pub fn wanted(&mut self, scope: Local, account: &[Expr], amount: &Expr) -> Step<(String, i64)> {
        let mut parts = Vec::with_capacity(account.len());
        for part in account {
            let value = self.value(scope, part)?;
            let text = value.as_text().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()));
            let shown = || {
                Refusal::conflict(
                    "account_key_not_text",
                    format!("无法确定账户：`{}` 应得文字或整数", part.source()),
                    format!("cannot name the account: expected a text or a whole number from `{}`, found {value:?}", part.source()),
                )
            };
            parts.push(text.ok_or_else(shown)?);
        }
        let value = self.value(scope, amount)?;
        let whole = value.as_i64().filter(|whole| *whole >= 0);
        let shown = || {
            Refusal::conflict(
                "amount_not_whole",
                format!("无法预留：`{}` 应得不小于零的整数", amount.source()),
                format!("cannot reserve: expected a whole number of at least 0 from `{}`, found {value:?}", amount.source()),
            )
        };
        Ok((parts.join("/"), whole.ok_or_else(shown)?))
    }

    pub fn issue(&mut self, spot: Spot, node: &Node, (kind, rule): (&Name, Option<&NumberRule>)) -> Step<()> {
        let above = self.scope(spot.scope)?.number.clone();
        let number = self.number(rule, above.as_deref())?;
        let at = self.facts.now;
        self.emit(Event::DocumentIssued { scope: spot.scope, step: node.key.clone(), kind: kind.clone(), number, at });
        self.leave(spot, &Name::from("issued"), Ending::default())
    }

    /// Makes a number: the next of its series and year, or the number above with a suffix; a rule that has both asks whether there is one above.
    pub fn number(&mut self, rule: Option<&NumberRule>, above: Option<&str>) -> Step<Option<String>> {
        match (rule, above) {
            (None, _) | (Some(NumberRule::Suffix(_)), None) => Ok(None),
            (Some(NumberRule::Suffix(suffix) | NumberRule::Either { suffix, .. }), Some(above)) => Ok(Some(format!("{above}{suffix}"))),
            (Some(NumberRule::Series { series, pattern } | NumberRule::Either { series, pattern, .. }), _) => {
                let year = self.facts.now.date().year();
                let counter = format!("{series}/{year}");
                let Some(last) = self.counters.get(&counter).or_else(|| self.facts.counters.get(&counter)) else {
                    return Err(self.lacks(Need::Counter(counter)));
                };
                let value = last.saturating_add(1);
                self.counters.insert(counter.clone(), value);
                self.emit(Event::NumberTaken { counter, value });
                Ok(Some(filled(pattern, year, value)))
            }
        }
    }
}

/// Fills `{year}`, `{seq}` and `{seq:4}` (padded with zeros) in a pattern; anything else stays as written.
fn filled(pattern: &str, year: i32, value: u64) -> String {
    let mut number = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some((plain, after)) = rest.split_once('{') {
        number.push_str(plain);
        let Some((name, tail)) = after.split_once('}') else {
            number.push('{');
            rest = after;
            continue;
        };
        match (name, name.strip_prefix("seq:").and_then(|width| width.parse::<usize>().ok())) {
            ("year", _) => number.push_str(&year.to_string()),
            ("seq", _) => number.push_str(&value.to_string()),
            (_, Some(width)) => number.push_str(&format!("{value:0width$}", width = width.min(20))),
            (_, None) => {
                number.push('{');
                number.push_str(name);
                number.push('}');
            }
        }
        rest = tail;
    }
    number.push_str(rest);
    number
}

/// An expression met something its author did not foresee; never a silent null.
pub(super) fn not_evaluated(what: &str, (zh, en): (&str, &str)) -> Refusal {
    Refusal::conflict("not_evaluated", format!("无法计算 `{what}`：{zh}"), format!("cannot evaluate `{what}`: {en}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_gives_year_and_padded_number() {
        assert_eq!(filled("GC{year}{seq:4}", 2025, 1), "GC20250001");
        assert_eq!(filled("鄂州环审〔{year}〕{seq}号", 2025, 12), "鄂州环审〔2025〕12号");
        assert_eq!(filled("{seq:2}-{other}", 2025, 123), "123-{other}");
        assert_eq!(filled("open {", 2025, 1), "open {");
    }
}

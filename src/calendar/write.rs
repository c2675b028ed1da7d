//! A calendar written as the file it could have been read from.
//! Invariant: what is written is read back as the same calendar. Never: a comment, or a place.

use std::fmt::Write;
use std::sync::Arc;

use chrono::NaiveDate;

use super::table::{Calendar, Closure, Holiday, OfficeHours};
use crate::ids::Text;

impl Calendar {
    /// As a YAML file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let heading = self.heading();
        let mut yaml = format!("calendar: {}\ntitle: {}\nversion: {}\n", quoted(&heading.name), both(&heading.title), quoted(&heading.version));
        let mut put = |line: String| yaml.push_str(&line);
        if let Some((first, last)) = self.covered() {
            put(format!("covered: {first}..{last}\n"));
        }
        let weekend: Vec<String> = heading.weekend.iter().map(|day| day.to_string().to_lowercase()).collect();
        put(format!("weekend: [{}]\n", weekend.join(", ")));
        let rolls = [("holiday", heading.holiday_rolls), ("weekend", heading.weekend_rolls)];
        let rolls: Vec<&str> = rolls.into_iter().filter(|(_, rolls)| *rolls).map(|(word, _)| word).collect();
        put(format!("rolls-over: [{}]\n", rolls.join(", ")));
        if !heading.verified.is_empty() {
            put(format!("verified: {}\n", quoted(&heading.verified)));
        }
        put("names:\n".to_owned());
        for (key, text) in &heading.names {
            put(format!("  {key}: {}\n", both(text)));
        }
        put("notices:\n".to_owned());
        for notice in &heading.notices {
            put(format!("  - year: {}\n    source: {}\n    published: {}\n    holidays:\n", notice.year, quoted(&notice.source), notice.published));
            for holiday in &notice.holidays {
                put(format!("      - {{{}}}\n", self.entry(holiday)));
            }
        }
        if !heading.closures.is_empty() {
            put("closures:\n".to_owned());
        }
        for closure in &heading.closures {
            put(format!("  - {{{}}}\n", self.closed(closure)));
        }
        if let Some(OfficeHours { until, next_day }) = heading.hours {
            let after = if next_day { "next-working-day" } else { "same-day" };
            put(format!("office-hours: {{until: \"{:02}:{:02}\", after: {after}}}\n", until / 60, until % 60));
        }
        if !heading.districts.is_empty() {
            put("districts:\n".to_owned());
        }
        for (code, district) in &heading.districts {
            let lights = district.lights.map(|lights| format!("lights: {}", lights.to_yaml()));
            let closures: Vec<String> = district.closures.iter().map(|closure| format!("{{{}}}", self.closed(closure))).collect();
            let closures = Some(closures).filter(|closures| !closures.is_empty()).map(|closures| format!("closures: [{}]", closures.join(", ")));
            let own: Vec<String> = lights.into_iter().chain(closures).collect();
            put(format!("  {}: {{{}}}\n", quoted(code), own.join(", ")));
        }
        yaml
    }

    fn closed(&self, closure: &Closure) -> String {
        format!("{}, source: {}, published: {}", self.entry(&closure.days), quoted(&closure.source), closure.published)
    }

    fn entry(&self, holiday: &Holiday) -> String {
        let mut entry = format!("name: {}, days: {}..{}", self.key_of(&holiday.label), holiday.first, holiday.last);
        if !holiday.make_up.is_empty() {
            let days: Vec<String> = holiday.make_up.iter().map(NaiveDate::to_string).collect();
            // Writing to a string does not fail.
            let _ = write!(entry, ", working: [{}]", days.join(", "));
        }
        entry
    }

    fn key_of(&self, label: &Arc<Text>) -> &str {
        self.heading().names.iter().find(|(_, name)| name == label).map_or("", |(key, _)| key)
    }
}

fn both(text: &Text) -> String {
    format!("{{zh: {}, en: {}}}", quoted(&text.zh), quoted(&text.en))
}

/// A JSON string is a double-quoted YAML string too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

//! Durations as ISO 8601 writes them.
//! Invariant: days with hours, or years with months, never both, so that every duration has one exact length in its own unit.
//! Never: a fraction of a second.

use super::Value;

/// Seconds of a civil day.
pub(super) const DAY: i64 = 86_400;

/// The duration a text such as `P3D`, `PT8H`, `P1DT12H30M` or `P1Y2M` writes.
pub(super) fn parse(text: &str) -> Option<Value> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (dates, times) = rest.split_once('T').map_or((rest, None), |(dates, times)| (dates, Some(times)));
    if times.is_none() && dates.contains(['Y', 'M']) {
        return total(dates, &[('Y', 12), ('M', 1)]).and_then(|months| months.checked_mul(sign)).map(Value::Months);
    }
    let days = if dates.is_empty() && times.is_some() { 0 } else { total(dates, &[('D', DAY)])? };
    let seconds = times.map_or(Some(0), |times| total(times, &[('H', 3_600), ('M', 60), ('S', 1)]))?;
    days.checked_add(seconds)?.checked_mul(sign).map(Value::Seconds)
}

/// The sum of parts in the order of `units`, at least one.
fn total(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut sum, mut units) = (text, 0_i64, units.iter());
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let letter = rest[end..].chars().next()?;
        let (_, size) = units.find(|(unit, _)| *unit == letter)?;
        sum = sum.checked_add(rest[..end].parse::<i64>().ok()?.checked_mul(*size)?)?;
        rest = &rest[end + 1..];
    }
    (!text.is_empty()).then_some(sum)
}

/// Seconds, largest units first; nothing is `PT0S`.
pub(super) fn of_seconds(seconds: i64) -> String {
    let whole = seconds.unsigned_abs();
    let (days, rest) = (whole / 86_400, whole % 86_400);
    let times = parts(&[(rest / 3_600, 'H'), (rest / 60 % 60, 'M'), (rest % 60, 'S')]);
    let dates = parts(&[(days, 'D')]);
    let written = if times.is_empty() { if dates.is_empty() { "T0S".to_owned() } else { dates } } else { format!("{dates}T{times}") };
    format!("{}P{written}", if seconds < 0 { "-" } else { "" })
}

/// Months, years first; nothing is `P0M`.
pub(super) fn of_months(months: i64) -> String {
    let whole = months.unsigned_abs();
    let written = parts(&[(whole / 12, 'Y'), (whole % 12, 'M')]);
    format!("{}P{}", if months < 0 { "-" } else { "" }, if written.is_empty() { "0M" } else { &written })
}

fn parts(parts: &[(u64, char)]) -> String {
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_in_their_own_unit() {
        for (text, value, again) in [
            ("P3D", Value::Seconds(3 * DAY), "P3D"),
            ("-P1DT2H3M4S", Value::Seconds(-(DAY + 7_384)), "-P1DT2H3M4S"),
            ("PT36H", Value::Seconds(129_600), "P1DT12H"),
            ("P0D", Value::Seconds(0), "PT0S"),
            ("P1Y2M", Value::Months(14), "P1Y2M"),
            ("-P18M", Value::Months(-18), "-P1Y6M"),
            ("P0Y", Value::Months(0), "P0M"),
        ] {
            assert_eq!(parse(text), Some(value.clone()), "{text}");
            assert_eq!(value.literal(), format!("duration(\"{again}\")"));
        }
        for wrong in ["", "P", "PT", "3D", "P3", "P1M3D", "P1DT", "P1Y1D", "P-3D", "PT1.5S", "P3DT1D", "PT1S1H", "P99999999999999999D", "--P3D", "P\u{663}D"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}

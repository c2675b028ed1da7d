//! Figures as they are written on paper, and as they are kept: whole numbers of the smallest unit.

/// The largest figure there may be, in its smallest unit.
const MOST: i64 = 1_000_000_000_000_000;

/// A typed number with at most `decimals` decimals, as a whole number of the smallest unit: `3.5` with two gives 350.
#[must_use]
pub fn read(typed: &str, decimals: u8) -> Option<i64> {
    let plain: String = typed.trim().chars().filter(|letter| !matches!(letter, ',' | '，' | ' ')).collect();
    let (negative, digits) = plain.strip_prefix(['-', '−']).map_or((false, plain.as_str()), |rest| (true, rest));
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let places = usize::from(decimals);
    if before.is_empty() || !all_digits(before) || !all_digits(after) || after.len() > places || (digits.contains('.') && after.is_empty()) {
        return None;
    }
    let amount: i64 = format!("{before}{after:0<places$}").parse().ok()?;
    (amount <= MOST).then_some(if negative { -amount } else { amount })
}

/// A figure as it is written, without zeros nobody needs: 350 with two decimals is `3.5`.
#[must_use]
pub fn shown(amount: i64, decimals: u8) -> String {
    let one = 10_u64.pow(u32::from(decimals));
    let (whole, rest) = (amount.unsigned_abs() / one, amount.unsigned_abs() % one);
    let sign = if amount < 0 { "-" } else { "" };
    let fraction = format!("{rest:0width$}", width = usize::from(decimals));
    let fraction = fraction.trim_end_matches('0');
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Per mille as per cent with one decimal: 933 is `93.3 %`.
#[must_use]
pub fn per_cent(per_mille: i64) -> String {
    let sign = if per_mille < 0 { "-" } else { "" };
    format!("{sign}{}.{} %", per_mille.unsigned_abs() / 10, per_mille.unsigned_abs() % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_and_written_as_on_paper() {
        for (typed, decimals, kept) in [
            ("28", 0, Some(28)),
            ("1,234", 0, Some(1_234)),
            ("2.5", 0, None),
            ("2.5", 2, Some(250)),
            ("-0.35", 2, Some(-35)),
            ("2.555", 2, None),
            ("2.", 2, None),
            ("", 2, None),
            ("二", 0, None),
            ("9999999999999999999", 0, None),
            ("9999999999999999", 0, None),
        ] {
            assert_eq!(read(typed, decimals), kept, "{typed}");
        }
        for (amount, decimals, written) in [(28, 0, "28"), (250, 2, "2.5"), (-35, 2, "-0.35"), (300, 2, "3"), (5, 2, "0.05")] {
            assert_eq!(shown(amount, decimals), written);
        }
        assert_eq!((per_cent(933), per_cent(1_000), per_cent(5), per_cent(-12)), ("93.3 %".into(), "100.0 %".into(), "0.5 %".into(), "-1.2 %".into()));
    }
}

//! Money and areas as people read them.
//! Invariant: integer arithmetic with one rounding, half up; 10,000 m² = 1 公顷 = 15 亩.
//! Never: a stored amount. What is stored is 分 and square metres; these texts are never read back.

/// 分 in one hundredth of 万元.
const FEN_PER_HUNDREDTH_WAN: i128 = 10_000;

/// Money as 万元 with two decimals: `3,000.00 万元`.
#[must_use]
pub fn wan_yuan(fen: i64) -> String {
    format!("{} 万元", decimal(round(i128::from(fen), FEN_PER_HUNDREDTH_WAN), 2))
}

/// Money as 元 with two decimals, exact: `30,000,000.00 元`.
#[must_use]
pub fn yuan(fen: i64) -> String {
    format!("{} 元", decimal(i128::from(fen), 2))
}

/// An area as hectares with four decimals, exact: `5.0000 公顷`.
#[must_use]
pub fn hectares(m2: i64) -> String {
    format!("{} 公顷", decimal(i128::from(m2), 4))
}

/// An area as 亩 with two decimals: `75.00 亩`.
#[must_use]
pub fn mu(m2: i64) -> String {
    // Hundredths of 亩: m² × 15 × 100 / 10,000.
    format!("{} 亩", decimal(round(i128::from(m2) * 15, 100), 2))
}

/// An area in both units: `5.0000 公顷（75.00 亩）`.
#[must_use]
pub fn area(m2: i64) -> String {
    format!("{}（{}）", hectares(m2), mu(m2))
}

/// `amount / unit`, half up away from zero.
fn round(amount: i128, unit: i128) -> i128 {
    let half = unit / 2;
    (amount.abs() + half) / unit * amount.signum()
}

/// A scaled integer with its point and thousands set apart.
fn decimal(scaled: i128, places: usize) -> String {
    let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}.{fraction}", if scaled < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_in_wan_yuan() {
        for (fen, expected) in [
            (0, "0.00 万元"),
            (3_000_000_000, "3,000.00 万元"),
            (32_000_000_000, "32,000.00 万元"),
            (4_999, "0.00 万元"),
            (5_000, "0.01 万元"),
            (-5_000, "-0.01 万元"),
            (-4_999, "0.00 万元"),
            (123_456_789_012, "123,456.79 万元"),
            (i64::MAX, "9,223,372,036,854.78 万元"),
            (i64::MIN, "-9,223,372,036,854.78 万元"),
        ] {
            assert_eq!(wan_yuan(fen), expected, "{fen}");
        }
        assert_eq!(yuan(-123_456), "-1,234.56 元");
    }

    #[test]
    fn an_area_reads_in_hectares_and_mu() {
        for (m2, expected) in [
            (0, "0.0000 公顷（0.00 亩）"),
            (1, "0.0001 公顷（0.00 亩）"),
            (10_000, "1.0000 公顷（15.00 亩）"),
            (50_000, "5.0000 公顷（75.00 亩）"),
            (8_000, "0.8000 公顷（12.00 亩）"),
            (667, "0.0667 公顷（1.00 亩）"),
            (10, "0.0010 公顷（0.02 亩）"),
            (12_345_678, "1,234.5678 公顷（18,518.52 亩）"),
        ] {
            assert_eq!(area(m2), expected, "{m2}");
        }
    }
}

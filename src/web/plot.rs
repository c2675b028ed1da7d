//! Small plots as SVG: a stacked bar, a line in steps. What they show stands in a table beside them.
//! Invariant: whole numbers only; every plot has a title and a description for whoever does not see it. Never: a style or a text of its own; the sheet gives colours, the page gives words.

use std::fmt::Write as _;

/// The width of a plot in its own units; it is stretched to the place it gets.
const WIDE: i64 = 1_000;
/// The height of a bar.
const BAR_HIGH: i64 = 14;
/// The height of a line's plot, and the room above its highest and below its lowest point.
const LINE_HIGH: i64 = 160;
const ROOM: i64 = 8;
/// What is there at all is seen: the narrowest part of a bar.
const PART_MIN: i64 = 8;

/// A part of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The class that colours it.
    pub class: &'static str,
    /// How much it stands for.
    pub value: i64,
}

/// A bar of parts beside each other; `full` is what the whole width stands for.
#[must_use]
pub fn bar(title: &str, parts: &[Part], full: i64) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDE} {BAR_HIGH}\" preserveAspectRatio=\"none\" role=\"img\"><title>{}</title><rect class=\"ground\" x=\"0\" y=\"0\" width=\"{WIDE}\" height=\"{BAR_HIGH}\"/>",
        escaped(title)
    );
    let mut x = 0;
    for (part, width) in parts.iter().zip(widths(parts, full)) {
        if width > 0 {
            // Writing to a string cannot fail.
            let _ = write!(svg, "<rect class=\"{}\" x=\"{x}\" y=\"0\" width=\"{width}\" height=\"{BAR_HIGH}\"/>", part.class);
            x += width;
        }
    }
    svg.push_str("</svg>");
    svg
}

/// How wide each part is: in proportion, but never too narrow to be seen; what that takes is taken from the widest.
fn widths(parts: &[Part], full: i64) -> Vec<i64> {
    let full = full.max(parts.iter().map(|part| part.value.max(0)).sum()).max(1);
    let mut widths: Vec<i64> = parts.iter().map(|part| if part.value > 0 { scaled(part.value, WIDE, full).max(PART_MIN) } else { 0 }).collect();
    let over = widths.iter().sum::<i64>() - WIDE;
    if over > 0
        && let Some(widest) = widths.iter_mut().max()
    {
        *widest = (*widest - over).max(PART_MIN);
    }
    widths
}

/// A line that keeps each value until the next: `points` are (moment, value) in order, the last one lasts until `end`.
#[must_use]
pub fn steps(title: &str, description: &str, points: &[(i64, i64)], end: i64) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDE} {LINE_HIGH}\" preserveAspectRatio=\"none\" role=\"img\"><title>{}</title><desc>{}</desc>",
        escaped(title),
        escaped(description)
    );
    let begin = points.first().map_or(end, |point| point.0);
    let span = (end - begin).max(1);
    let low = points.iter().map(|point| point.1).min().unwrap_or(0).min(0);
    let high = points.iter().map(|point| point.1).max().unwrap_or(0).max(low + 1);
    let x = |at: i64| scaled(at - begin, WIDE, span);
    let y = |value: i64| LINE_HIGH - ROOM - scaled(value - low, LINE_HIGH - 2 * ROOM, high - low);
    for value in [low, high] {
        let _ = write!(svg, "<path class=\"rule\" vector-effect=\"non-scaling-stroke\" d=\"M0 {0}H{WIDE}\"/>", y(value));
    }
    if let Some((first, rest)) = points.split_first() {
        let mut path = format!("M{} {}", x(first.0), y(first.1));
        for (at, value) in rest {
            let _ = write!(path, "H{}V{}", x(*at), y(*value));
        }
        let _ = write!(svg, "<path class=\"trace\" vector-effect=\"non-scaling-stroke\" d=\"{path}H{WIDE}\"/>");
    }
    svg.push_str("</svg>");
    svg
}

/// `value × to / from`, rounded down.
fn scaled(value: i64, to: i64, from: i64) -> i64 {
    i64::try_from(i128::from(value) * i128::from(to) / i128::from(from.max(1))).unwrap_or(to)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths_of(svg: &str) -> Vec<i64> {
        let parts = svg.split("<rect class=\"p-").skip(1);
        parts.filter_map(|part| part.split("width=\"").nth(1)?.split('"').next()?.parse().ok()).collect()
    }

    #[test]
    fn parts_fill_the_bar_in_proportion_and_nothing_is_too_narrow_to_be_seen() {
        let part = |class, value| Part { class, value };
        assert_eq!(widths_of(&bar("x", &[part("p-red", 25), part("p-yellow", 75)], 100)), [250, 750]);
        assert_eq!(widths_of(&bar("x", &[part("p-red", 1), part("p-grey", 0), part("p-green", 9_999)], 10_000)), [8, 992]);
        assert_eq!(widths_of(&bar("x", &[part("p-red", 1)], 4)), [250]);
        assert_eq!(widths_of(&bar("x", &[part("p-red", i64::MAX / 2), part("p-green", i64::MAX / 2)], i64::MAX)), [499, 499]);
        assert_eq!(widths_of(&bar("x", &[part("p-red", 0)], 0)), Vec::<i64>::new());
    }

    #[test]
    fn a_line_keeps_its_value_until_the_next_one() {
        let svg = steps("可用", "a <b>", &[(0, 0), (50, 10), (75, 5)], 100);
        assert!(svg.contains("<desc>a &lt;b&gt;</desc>"), "{svg}");
        assert!(svg.contains("d=\"M0 152H500V8H750V80H1000\""), "{svg}");
        assert!(!svg.contains("style"), "{svg}");
    }

    #[test]
    fn a_line_without_points_and_one_of_a_single_moment_are_drawn() {
        assert!(steps("x", "", &[], 100).ends_with("</svg>"));
        assert!(steps("x", "", &[(100, 3)], 100).contains("trace"));
    }
}

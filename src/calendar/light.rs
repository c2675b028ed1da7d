//! From when a limit is near its end: the share and the days that make its light yellow.
//! Invariant: what is not written is the default of the place where it is read. Never: a colour, or a date.

use serde::{Deserialize, Serialize};

use super::span::{Span, Unit};
use crate::source::{Node, Reader};

/// When a limit's light turns yellow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// When this share of the limit is left, in hundredths.
    pub share: u8,
    /// Or so many working days, whichever is more.
    pub days: u32,
    /// Limits up to this many days have no yellow: they are reminded on the morning of the due day only.
    pub none_up_to: u32,
}

impl Thresholds {
    /// A fifth of the limit, one working day at least, nothing for limits of three days or less.
    pub const USUAL: Self = Self { share: 20, days: 1, none_up_to: 3 };
}

impl Thresholds {
    /// `{yellow: 30%, at-least: 2 working days, none-up-to: 3}`; what is left out is as usual.
    pub fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &["yellow", "at-least", "none-up-to"])?;
        let share = fields.get("yellow").map_or(Some(Self::USUAL.share), |node| share(reader, node));
        let days = fields.get("at-least").map_or(Some(Self::USUAL.days), |node| {
            let days = reader.text(node)?.parse::<Span>().ok().filter(|days| days.unit == Unit::Working && days.days > 0);
            if days.is_none() {
                reader.expected(node, "wrong-kind", ("工作日数，如 `2 working days`", "working days such as `2 working days`"));
            }
            Some(days?.days)
        });
        let none_up_to = fields.get("none-up-to").map_or(Some(Self::USUAL.none_up_to), |node| {
            let days = u32::try_from(reader.whole(node)?).ok();
            if days.is_none() {
                reader.expected(node, "wrong-kind", ("日数，如 `3`", "a number of days such as `3`"));
            }
            days
        });
        Some(Self { share: share?, days: days?, none_up_to: none_up_to? })
    }

    /// As it is written in a file.
    pub(super) fn to_yaml(self) -> String {
        format!("{{yellow: {}%, at-least: {} working days, none-up-to: {}}}", self.share, self.days, self.none_up_to)
    }
}

/// `30%`: more than nothing and less than the whole, or a light would be always or never yellow.
fn share(reader: &mut Reader<'_>, node: &Node) -> Option<u8> {
    let text = reader.text(node)?;
    let share = text.strip_suffix('%').and_then(|share| share.trim().parse().ok()).filter(|share| (1..100).contains(share));
    if share.is_none() {
        reader.expected(node, "wrong-kind", ("1% 至 99% 的比例，如 `30%`", "a share from 1% to 99% such as `30%`"));
    }
    share
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::USUAL
    }
}

//! How long the rank of a case counts. Invariant: the rank that was given stays in the case; what it comes to on a day follows from the day alone.

use chrono::NaiveDate;

use super::Bundle;

/// The rank of a case that is in no channel, or no longer.
pub const ORDINARY: i16 = 9;

impl Bundle {
    /// The last day on which a rank counts that a case of this bundle was given: what the rank rests on ends with it, as the certificate of admission says as well.
    /// `None` when it has no end, and where no step gives a rank.
    #[must_use]
    pub fn ranks_until(&self) -> Option<NaiveDate> {
        let root = self.programs.get(&self.root)?;
        root.basis_until.filter(|_| root.nodes.iter().any(|node| !node.ranks.is_empty()))
    }

    /// What the rank a case was given comes to on a day.
    #[must_use]
    pub fn rank_on(&self, given: i16, day: NaiveDate) -> i16 {
        if self.ranks_until().is_some_and(|until| until < day) { ORDINARY } else { given }
    }
}

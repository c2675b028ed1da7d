//! Why each row of a table holds or does not, cell by cell.
//! Invariant: every row is there, and every cell that asks something says what it compared; a value that cannot be had is told, not hidden.
//! Never: an error. Explaining a decision that failed is when it is needed most.

use super::{Inputs, Table};
use crate::expr::Value;
use crate::ids::Text;
use crate::source::shortened;

/// Why a row holds or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWhy {
    /// The row, from 1.
    pub row: usize,
    /// Its outcome.
    pub then: String,
    /// Whether all its cells hold.
    pub hit: bool,
    /// The cells that ask something.
    pub cells: Vec<CellWhy>,
}

/// What a cell compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellWhy {
    /// The input, as people read it.
    pub input: Text,
    /// The test, as its author wrote it.
    pub test: String,
    /// The value of the input; `None` when there is none.
    pub value: Option<String>,
    /// Whether the test holds.
    pub holds: bool,
    /// Why there is no answer, when there is none.
    pub trouble: Option<Text>,
}

impl Table {
    /// Every row with the cells that made it hold or not.
    #[must_use]
    pub fn explain(&self, roots: &Value) -> Vec<RowWhy> {
        let mut inputs = Inputs { table: &self.parts, roots, values: vec![None; self.parts.inputs.len()] };
        let rows = self.parts.rows.iter().enumerate().map(|(index, row)| {
            let asked = row.cells.iter().enumerate().filter(|(_, cell)| !cell.asks_nothing());
            let cells: Vec<CellWhy> = asked.map(|(column, cell)| inputs.compared(column, cell)).collect();
            RowWhy { row: index + 1, then: row.then.clone(), hit: cells.iter().all(|cell| cell.holds), cells }
        });
        rows.collect()
    }
}

impl Inputs<'_> {
    fn compared(&mut self, column: usize, cell: &super::Cell) -> CellWhy {
        let input = self.table.inputs.get(column).map(|input| input.title.clone()).unwrap_or_default();
        let test = cell.source().to_owned();
        let text = |zh: String, en: String| Some(Text { zh, en });
        match self.value(column) {
            Err(error) => CellWhy { input, test, value: None, holds: false, trouble: text(error.zh, error.en) },
            Ok(value) => {
                let shown = Some(shortened(&value.literal()));
                match cell.holds(&value) {
                    Ok(holds) => CellWhy { input, test, value: shown, holds, trouble: None },
                    Err((zh, en)) => CellWhy { input, test, value: shown, holds: false, trouble: text(zh, en) },
                }
            }
        }
    }
}

impl RowWhy {
    /// In one Chinese sentence; for a row that does not hold, the cells that speak against it.
    #[must_use]
    pub fn zh(&self) -> String {
        let said = self.told(|cell| match (&cell.value, &cell.trouble) {
            (_, Some(trouble)) => format!("「{}」无法比较：{}", cell.input.zh, trouble.zh),
            (value, None) => {
                format!("「{}」= {}，{} `{}`", cell.input.zh, value.as_deref().unwrap_or("–"), if cell.holds { "符合" } else { "不符合" }, cell.test)
            }
        });
        let (row, then) = (self.row, &self.then);
        let verdict = if self.hit { "符合" } else { "不符合" };
        if said.is_empty() { format!("第 {row} 行（{then}）{verdict}") } else { format!("第 {row} 行（{then}）{verdict}：{}", said.join("；")) }
    }

    /// In one English sentence.
    #[must_use]
    pub fn en(&self) -> String {
        let said = self.told(|cell| match (&cell.value, &cell.trouble) {
            (_, Some(trouble)) => format!("{} cannot be compared: {}", cell.input.en, trouble.en),
            (value, None) => format!("{} = {} is {}`{}`", cell.input.en, value.as_deref().unwrap_or("–"), if cell.holds { "" } else { "not " }, cell.test),
        });
        let (row, then) = (self.row, &self.then);
        let verdict = if self.hit { "holds" } else { "does not hold" };
        if said.is_empty() { format!("row {row} ({then}) {verdict}") } else { format!("row {row} ({then}) {verdict}: {}", said.join("; ")) }
    }

    fn told(&self, say: impl Fn(&CellWhy) -> String) -> Vec<String> {
        self.cells.iter().filter(|cell| cell.holds == self.hit).map(say).collect()
    }
}

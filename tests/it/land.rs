//! Land, plots and funds: what the plans ask for, held on both databases; and the accounts under sixty-four clients.

mod rows;
mod trial;

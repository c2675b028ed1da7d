//! What the two plans ask for, row by row of the table of mechanisms: offices, reform items, their plans and nodes, indicators; and the seeds that bring them.
//! Invariant: each acceptance example is a test named after its row, on both databases.

mod columns;
mod indicators;
mod items;
mod offices;
mod planted;

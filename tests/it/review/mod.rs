//! The commands that analysts and auditors read, as they run them.

mod contracts;
mod coverage;
mod explain;
mod gates;
mod matrix;
mod skeletons;
mod writes;

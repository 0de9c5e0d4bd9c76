//! SORT and SORT_RO.
//!
//! * `commands`: the rows and the handlers.
//! * `options`: what the arguments ask for.
//! * `elements`: the elements of the value, copied in one block.
//! * `order`: their weights, and putting them in order.
//! * `pattern`: the values of other keys, which BY and GET name by patterns.
//! * `result`: the reply, or the list that is stored.

mod commands;
mod options;
mod elements;
mod order;
mod pattern;
mod result;
#[cfg(test)]
mod tests;

pub use commands::COMMANDS;

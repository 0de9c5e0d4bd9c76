//! Positions on earth as numbers that keep neighbours near each other, so that a sorted set is an index of
//! them. Results are those of Redis 7.2 to the last digit; so is the order of operations.
//!
//! * `grid`: the numbers: longitude and latitude cut into steps, their bits interleaved.
//! * `position`: a position, its score and its geohash, and the distance to another one.
//! * `area`: a circle or box, what is inside, and the cells of the grid that cover it.

mod grid;
mod position;
mod area;
#[cfg(test)]
mod tests;

pub use area::{Area, Shape};
pub use grid::Cell;
pub use position::Position;

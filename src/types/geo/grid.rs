//! The grid: longitude and latitude are each halved so many times, and the bits that say which half are
//! interleaved, the longitude's first. A prefix of such a number is a larger cell.

use std::ops::Range;

use super::position::Position;

/// Each coordinate of a stored position has this many bits; 52 bits are exact in a double.
pub const STEPS_MAX: u32 = 26;

/// The part of the world that a grid divides.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub longitude: Span,
    pub latitude: Span,
}

/// Degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub min: f64,
    pub max: f64,
}

impl Span {
    pub fn contains(self, degrees: f64) -> bool {
        self.min <= degrees && degrees <= self.max
    }

    pub fn middle(self) -> f64 {
        f64::midpoint(self.min, self.max)
    }

    /// In which of `1 << steps` parts a number of degrees is.
    fn step_of(self, degrees: f64, steps: u32) -> u32 {
        let offset = (degrees - self.min) / (self.max - self.min);
        (offset * parts(steps)) as u32
    }

    /// One of `1 << steps` parts.
    fn part(self, step: u32, steps: u32) -> Self {
        let scale = self.max - self.min;
        let bound = |step: u32| self.min + f64::from(step) / parts(steps) * scale;
        Self { min: bound(step), max: bound(step.wrapping_add(1)) }
    }
}

/// A cell of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Latitude in the even bits, longitude in the odd ones.
    pub(super) bits: u64,
    /// How often each coordinate was halved.
    pub(super) steps: u32,
}

impl Cell {
    pub fn of(position: Position, extent: Extent, steps: u32) -> Self {
        let latitude = extent.latitude.step_of(position.latitude, steps);
        let longitude = extent.longitude.step_of(position.longitude, steps);
        Self::at(longitude, latitude, steps)
    }

    fn at(longitude: u32, latitude: u32, steps: u32) -> Self {
        Self { bits: spread(latitude) | spread(longitude) << 1, steps }
    }

    /// The cell so many cells to the east and to the north. At an edge it goes on at the other side, as longitudes
    /// do; latitudes do too, and callers do not mind.
    #[must_use]
    pub fn neighbour(self, east: i32, north: i32) -> Self {
        let moved = |step: u32, by: i32| match by {
            // The last number of degrees is in a part of its own, and stays there.
            0 => step,
            _ => step.wrapping_add_signed(by) & ((1 << self.steps) - 1),
        };
        Self::at(moved(gather(self.bits >> 1), east), moved(gather(self.bits), north), self.steps)
    }

    /// The degrees that the cell covers.
    pub fn extent(self, whole: Extent) -> Extent {
        Extent {
            longitude: whole.longitude.part(gather(self.bits >> 1), self.steps),
            latitude: whole.latitude.part(gather(self.bits), self.steps),
        }
    }

    /// The scores of the positions in the cell.
    pub fn scores(self) -> Range<f64> {
        let shift = 2 * (STEPS_MAX - self.steps);
        (self.bits << shift) as f64..((self.bits + 1) << shift) as f64
    }
}

fn parts(steps: u32) -> f64 {
    (1_u64 << steps) as f64
}

/// Puts bit n at place 2n.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}

/// Takes the bits at even places together.
fn gather(bits: u64) -> u32 {
    let mut number = bits & 0x5555_5555_5555_5555;
    number = (number | number >> 1) & 0x3333_3333_3333_3333;
    number = (number | number >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    number = (number | number >> 4) & 0x00ff_00ff_00ff_00ff;
    number = (number | number >> 8) & 0x0000_ffff_0000_ffff;
    (number | number >> 16) as u32
}

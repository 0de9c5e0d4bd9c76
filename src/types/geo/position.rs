//! A position: longitude and latitude.

use super::grid::{Cell, Extent, STEPS_MAX, Span};

/// In degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    pub longitude: f64,
    pub latitude: f64,
}

/// What positions there are: that of the Mercator projection of maps (EPSG:3857), which leaves out the poles.
pub const WORLD: Extent = Extent {
    longitude: Span { min: -180.0, max: 180.0 },
    latitude: Span { min: -85.051_128_78, max: 85.051_128_78 },
};

/// What standard geohashes divide.
const GLOBE: Extent =
    Extent { longitude: Span { min: -180.0, max: 180.0 }, latitude: Span { min: -90.0, max: 90.0 } };

/// The radius of the earth, as the quadratic mean of WGS 84.
pub const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

const GEOHASH_LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const GEOHASH_LENGTH: usize = 11;
const LETTER_BITS: u32 = 5;

impl Position {
    /// `None` outside of the world: beyond a longitude of 180 or a latitude of about 85 degrees.
    pub fn new(longitude: f64, latitude: f64) -> Option<Self> {
        let exists = WORLD.longitude.contains(longitude) && WORLD.latitude.contains(latitude);
        exists.then_some(Self { longitude, latitude })
    }

    /// The score in a sorted set: an integer of 52 bits.
    pub fn score(self) -> u64 {
        Cell::of(self, WORLD, STEPS_MAX).bits
    }

    /// The middle of the cell that a score stands for. Any score is taken for one.
    pub fn of_score(score: f64) -> Self {
        let cell = Cell { bits: bits_of_score(score), steps: STEPS_MAX }.extent(WORLD);
        let middle = |span: Span, whole: Span| span.middle().clamp(whole.min, whole.max);
        Self {
            longitude: middle(cell.longitude, WORLD.longitude),
            latitude: middle(cell.latitude, WORLD.latitude),
        }
    }

    /// The standard geohash. A score has bits for ten letters; the last one is always the first of the alphabet.
    pub fn geohash(self) -> [u8; GEOHASH_LENGTH] {
        let bits = Cell::of(self, GLOBE, STEPS_MAX).bits;
        let mut text = [GEOHASH_LETTERS[0]; GEOHASH_LENGTH];
        let letters = &mut text[..GEOHASH_LENGTH - 1];
        for (at, letter) in (1..).zip(letters) {
            *letter = GEOHASH_LETTERS
                [(bits >> (2 * STEPS_MAX - at * LETTER_BITS)) as usize % GEOHASH_LETTERS.len()];
        }
        text
    }

    /// The distance along the great circle, in metres, by the haversine formula.
    pub fn distance_m(self, other: Self) -> f64 {
        let v = ((radians(other.longitude) - radians(self.longitude)) / 2.0).sin();
        if v == 0.0 {
            return self.latitude_distance_m(other);
        }
        let (latitude, other_latitude) = (radians(self.latitude), radians(other.latitude));
        let u = ((other_latitude - latitude) / 2.0).sin();
        let a = u * u + latitude.cos() * other_latitude.cos() * v * v;
        // Rounding may make a little more than 1 of opposite ends of the world.
        2.0 * EARTH_RADIUS_M * a.sqrt().min(1.0).asin()
    }

    /// The distance along a meridian between the two latitudes, in metres.
    pub fn latitude_distance_m(self, other: Self) -> f64 {
        EARTH_RADIUS_M * (radians(other.latitude) - radians(self.latitude)).abs()
    }
}

/// By the factor that Redis uses, whose inverse is not quite that of `f64::to_degrees`.
pub fn radians(degrees: f64) -> f64 {
    degrees * RADIANS_PER_DEGREE
}

pub fn degrees(radians: f64) -> f64 {
    radians / RADIANS_PER_DEGREE
}

const RADIANS_PER_DEGREE: f64 = std::f64::consts::PI / 180.0;

/// 2 to the power of 64.
const SCORE_END: f64 = 18_446_744_073_709_551_616.0;

/// A score that no position has is taken for the bits that the x86-64 conversion makes of it.
fn bits_of_score(score: f64) -> u64 {
    if score < 0.0 {
        score as i64 as u64
    } else if score < SCORE_END {
        score as u64
    } else {
        0
    }
}

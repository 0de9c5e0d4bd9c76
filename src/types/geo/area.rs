//! A circle or box around a position, what is inside, and the cells of the grid that cover it.

use smallvec::SmallVec;

use super::grid::{Cell, Extent, STEPS_MAX, Span};
use super::position::{EARTH_RADIUS_M, Position, WORLD, degrees, radians};

/// Half the length of the equator of the Mercator projection.
const MERCATOR_MAX_M: f64 = 20_037_726.37;

/// A circle or a box along the meridian of its center, in any unit of length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub center: Position,
    pub shape: Shape,
    /// The length of the shape's unit in metres.
    pub unit_m: f64,
}

impl Area {
    /// The distance of a position from the center in metres, if it is inside.
    pub fn distance_m(&self, position: Position) -> Option<f64> {
        match self.shape {
            Shape::Circle { radius } => {
                let distance_m = self.center.distance_m(position);
                (distance_m <= radius * self.unit_m).then_some(distance_m)
            }
            Shape::Box { width, height } => {
                // Along the meridian first: that is less to compute.
                let beside = Position { longitude: self.center.longitude, ..position };
                let is_inside = position.latitude_distance_m(self.center) <= height * self.unit_m / 2.0
                    && position.distance_m(beside) <= width * self.unit_m / 2.0;
                is_inside.then(|| self.center.distance_m(position))
            }
        }
    }

    /// Cells that together contain the area, in the order in which they are searched: the one with the center and
    /// those around it, as far as they are of use.
    pub fn cells(&self) -> SmallVec<[Cell; 9]> {
        let bounds = self.bounds();
        let mut center = Cell::of(self.center, WORLD, self.steps());
        if center.steps > 1 && !neighbours_reach(center, bounds) {
            center = Cell::of(self.center, WORLD, center.steps - 1);
        }
        let middle = center.extent(WORLD);
        // Of a very coarse grid all cells are searched.
        let is_coarse = center.steps < 2;
        let is_useful = |east: i32, north: i32| {
            is_coarse
                || !(north < 0 && middle.latitude.min < bounds.latitude.min
                    || north > 0 && middle.latitude.max > bounds.latitude.max
                    || east < 0 && middle.longitude.min < bounds.longitude.min
                    || east > 0 && middle.longitude.max > bounds.longitude.max)
        };
        let mut cells: SmallVec<[Cell; 9]> = SmallVec::new();
        cells.push(center);
        for (east, north) in AROUND {
            let cell = center.neighbour(east, north);
            // Around the globe neighbours may be the same.
            let is_repeated = cells.len() > 1 && cells.last() == Some(&cell);
            if is_useful(east, north) && !is_repeated {
                cells.push(cell);
            }
        }
        cells
    }

    /// The degrees within which the area lies.
    fn bounds(&self) -> Extent {
        let Position { longitude, latitude } = self.center;
        let (half_width, half_height) = match self.shape {
            Shape::Circle { radius } => (radius, radius),
            Shape::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let (half_width_m, half_height_m) = (self.unit_m * half_width, self.unit_m * half_height);
        let latitude_delta = degrees(half_height_m / EARTH_RADIUS_M);
        // The side that is farther from the equator spans more degrees.
        let widest = if latitude < 0.0 { latitude - latitude_delta } else { latitude + latitude_delta };
        let longitude_delta = degrees(half_width_m / EARTH_RADIUS_M / radians(widest).cos());
        Extent {
            longitude: Span { min: longitude - longitude_delta, max: longitude + longitude_delta },
            latitude: Span { min: latitude - latitude_delta, max: latitude + latitude_delta },
        }
    }

    /// How fine the grid is of which nine cells cover the area, in most cases.
    fn steps(&self) -> u32 {
        let radius = match self.shape {
            Shape::Circle { radius } => radius,
            Shape::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        let mut radius_m = radius * self.unit_m;
        if radius_m == 0.0 {
            return STEPS_MAX;
        }
        let mut steps = 1_u32;
        while radius_m < MERCATOR_MAX_M {
            radius_m *= 2.0;
            steps += 1;
        }
        // Cells are narrower towards the poles.
        let latitude = self.center.latitude.abs();
        let coarser = 2 + u32::from(latitude > 66.0) + u32::from(latitude > 80.0);
        steps.saturating_sub(coarser).clamp(1, STEPS_MAX)
    }
}

/// East and north of the eight neighbours, in the order in which they are searched.
const AROUND: [(i32, i32); 8] = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];

/// Whether the four nearest neighbours of a cell reach as far as the bounds.
fn neighbours_reach(center: Cell, bounds: Extent) -> bool {
    let extent = |east, north| center.neighbour(east, north).extent(WORLD);
    extent(0, 1).latitude.max >= bounds.latitude.max
        && extent(0, -1).latitude.min <= bounds.latitude.min
        && extent(1, 0).longitude.max >= bounds.longitude.max
        && extent(-1, 0).longitude.min <= bounds.longitude.min
}

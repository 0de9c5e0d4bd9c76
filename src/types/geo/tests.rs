//! Positions, areas and cells. Figures are those of Redis 7.2.6.

use proptest::prelude::*;

use super::*;

fn at(longitude: f64, latitude: f64) -> Position {
    Position::new(longitude, latitude).unwrap()
}

/// As it is read back from a sorted set.
fn stored(longitude: f64, latitude: f64) -> Position {
    Position::of_score(at(longitude, latitude).score() as f64)
}

fn circle(center: Position, radius: f64) -> Area {
    Area { center, shape: Shape::Circle { radius }, unit_m: 1.0 }
}

#[test]
fn scores_are_those_of_redis() {
    assert_eq!(at(13.361_389, 38.115_556).score(), 3_479_099_956_230_698);
    assert_eq!(at(15.087_269, 37.502_669).score(), 3_479_447_370_796_909);
    assert_eq!(at(-180.0, -85.051_128_78).score(), 0);
    assert_eq!(at(0.0, 0.0).score(), 3 << 50);
}

#[test]
fn a_stored_position_is_the_middle_of_its_cell() {
    let palermo = stored(13.361_389, 38.115_556);
    assert_eq!((palermo.longitude, palermo.latitude), (13.361_389_338_970_184, 38.115_556_395_496_3));
    assert_eq!(Position::of_score(palermo.score() as f64), palermo);
}

#[test]
fn any_score_is_some_position() {
    for score in [0.0, -1.0, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, 0.5, 4_503_599_627_370_495.0] {
        let position = Position::of_score(score);
        assert_eq!(Position::new(position.longitude, position.latitude), Some(position), "{score}");
    }
}

#[test]
fn the_poles_are_outside_of_the_world() {
    assert!(Position::new(0.0, 85.051_128_78).is_some() && Position::new(0.0, 85.1).is_none());
    assert!(Position::new(180.0, 0.0).is_some() && Position::new(180.1, 0.0).is_none());
    assert!(Position::new(f64::NAN, 0.0).is_none() && Position::new(0.0, f64::INFINITY).is_none());
}

#[test]
fn geohashes_are_standard_ones() {
    assert_eq!(stored(13.361_389, 38.115_556).geohash(), *b"sqc8b49rny0");
    assert_eq!(stored(15.087_269, 37.502_669).geohash(), *b"sqdtr74hyu0");
    assert_eq!(stored(-5.6, 42.6).geohash(), *b"ezs42e44yx0");
}

#[test]
fn distances_are_those_of_redis() {
    let (palermo, catania) = (stored(13.361_389, 38.115_556), stored(15.087_269, 37.502_669));
    assert_eq!((palermo.distance_m(catania) * 10_000.0).round(), 1_662_741_516.0);
    assert_eq!(palermo.distance_m(palermo), 0.0);
    assert_eq!(at(10.0, 0.0).distance_m(at(10.0, 1.0)), at(10.0, 0.0).latitude_distance_m(at(10.0, 1.0)));
    let half_way_round = at(0.0, 0.0).distance_m(at(180.0, 0.0));
    assert_eq!(half_way_round.floor(), 20_020_734.0);
}

#[test]
fn the_whole_world_is_four_cells_searched_once() {
    let cells = circle(at(15.0, 37.0), 30_000_000.0).cells();
    assert_eq!(cells.len(), 4);
    assert!(cells.iter().enumerate().all(|(at, cell)| !cells[..at].contains(cell)));
}

#[test]
fn no_radius_is_one_cell_with_those_that_touch_it() {
    let cells = circle(at(15.0, 37.0), 0.0).cells();
    assert!(!cells.is_empty() && cells.len() <= 9);
    let score = at(15.0, 37.0).score() as f64;
    assert!(cells[0].scores().contains(&score));
}

#[test]
fn a_box_is_wider_than_a_circle_within_it() {
    let center = at(15.0, 37.0);
    let square = Area { center, shape: Shape::Box { width: 400.0, height: 400.0 }, unit_m: 1000.0 };
    // 200 km to the east and to the north each.
    let corner = stored(17.24, 38.78);
    assert!(square.distance_m(corner).is_some());
    assert!(circle(center, 200_000.0).distance_m(corner).is_none());
    assert_eq!(square.distance_m(stored(17.5, 37.0)), None);
    assert_eq!(square.distance_m(stored(15.0, 39.0)), None);
}

proptest! {
    #[test]
    fn cells_cover_the_area(
        longitude in -170.0..170.0_f64, latitude in -60.0..60.0_f64, kilometres in 0.1..2000.0_f64,
        east in -1.0..1.0_f64, north in -1.0..1.0_f64,
    ) {
        let area = circle(at(longitude, latitude), kilometres * 1000.0);
        let degrees = kilometres / 111.0;
        let Some(near) = Position::new(longitude + east * 2.0 * degrees, latitude + north * degrees) else {
            return Ok(());
        };
        let score = near.score() as f64;
        if area.distance_m(Position::of_score(score)).is_some() {
            prop_assert!(area.cells().iter().any(|cell| cell.scores().contains(&score)));
        }
    }

    #[test]
    fn a_stored_position_is_less_than_a_metre_off(longitude in -180.0..180.0_f64, latitude in -85.0..85.0_f64) {
        prop_assert!(stored(longitude, latitude).distance_m(at(longitude, latitude)) < 0.6);
    }
}

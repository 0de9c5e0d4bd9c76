//! Positions, lengths and units as clients give them, and distances as they get them.

use crate::commands::args::Args;
use crate::commands::error::CommandError;
use crate::types::geo::{Position, Shape};
use crate::util::number::{parse_f64, push_i64};

/// Decimals of a distance.
const DISTANCE_SCALE: i64 = 10_000;

/// `longitude latitude`
pub fn next_position(args: &Args<'_>) -> Result<Position, CommandError> {
    let longitude = next_float(args, CommandError::NotAFloat)?;
    let latitude = next_float(args, CommandError::NotAFloat)?;
    let position = Position::new(longitude, latitude);
    position.ok_or_else(|| CommandError::InvalidPosition(format!("{longitude:.6},{latitude:.6}")))
}

/// `radius unit`; the unit in metres.
pub fn next_circle(args: &Args<'_>) -> Result<(Shape, f64), CommandError> {
    let radius = next_float(args, CommandError::RadiusNotNumeric)?;
    if radius < 0.0 {
        return Err(CommandError::RadiusNegative);
    }
    Ok((Shape::Circle { radius }, next_unit_m(args)?))
}

/// `width height unit`; the unit in metres.
pub fn next_box(args: &Args<'_>) -> Result<(Shape, f64), CommandError> {
    let width = next_float(args, CommandError::WidthNotNumeric)?;
    let height = next_float(args, CommandError::HeightNotNumeric)?;
    if width < 0.0 || height < 0.0 {
        return Err(CommandError::BoxNegative);
    }
    Ok((Shape::Box { width, height }, next_unit_m(args)?))
}

/// A unit of length, in metres.
pub fn next_unit_m(args: &Args<'_>) -> Result<f64, CommandError> {
    let units = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let chosen = units.into_iter().find(|(name, _)| args.keyword(name));
    chosen.map(|(_, metres)| metres).ok_or(CommandError::DistanceUnit)
}

fn next_float(args: &Args<'_>, otherwise: CommandError) -> Result<f64, CommandError> {
    parse_f64(args.next()?).ok_or(otherwise)
}

/// A distance as replies show it: with four decimals.
pub fn distance_text(distance: f64) -> Vec<u8> {
    let scaled = (distance * DISTANCE_SCALE as f64).round_ties_even() as i64;
    let mut text = Vec::with_capacity(16);
    push_i64(&mut text, scaled / DISTANCE_SCALE);
    text.extend_from_slice(format!(".{:04}", scaled % DISTANCE_SCALE).as_bytes());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_four_decimals() {
        let shown = |distance| String::from_utf8(distance_text(distance)).unwrap();
        assert_eq!(shown(0.0), "0.0000");
        assert_eq!(shown(0.000_06), "0.0001");
        assert_eq!(shown(166_274.151_56), "166274.1516");
        assert_eq!(shown(0.775), "0.7750");
        assert_eq!(shown(20_015_114.5), "20015114.5000");
    }
}

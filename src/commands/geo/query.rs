//! What the search commands ask for, in their several forms.

use super::arguments::{next_box, next_circle, next_position};
use super::members::position_of;
use crate::commands::args::Args;
use crate::commands::error::{CommandError, repeated};
use crate::types::Zset;
use crate::types::geo::{Area, Position, Shape};

/// How a command says what it searches, and whether it stores what it finds.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub center: CenterForm,
    pub storing: Storing,
}

/// Where the center stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CenterForm {
    /// A position in front of the radius.
    Position,
    /// A member in front of the radius.
    Member,
    /// Like the shape, among the options.
    Option,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storing {
    Never,
    /// With the options STORE and STOREDIST.
    Sometimes,
    /// In the key that is the first argument; STOREDIST says what.
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NearestFirst,
    FarthestFirst,
}

/// Where results are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    pub key: &'a [u8],
    /// The scores are distances rather than positions.
    pub distances: bool,
}

/// What a search command asks for.
#[derive(Debug, Clone, Default)]
pub struct Query<'a> {
    center: Option<Center>,
    /// The shape, and its unit in metres.
    shape: Option<(Shape, f64)>,
    pub order: Option<Order>,
    /// No more results than these.
    pub count: Option<usize>,
    /// ANY: the first results will do.
    pub any: bool,
    pub with_distance: bool,
    pub with_score: bool,
    pub with_position: bool,
    pub target: Option<Target<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Center {
    Given(Position),
    /// The position of a member, which is not known where there is no key.
    Of(Option<Position>),
}

impl<'a> Query<'a> {
    /// Reads the arguments. The key was looked up before, so that a member's position is known.
    pub fn parse(args: &'a Args<'_>, form: Form, zset: Option<&Zset>) -> Result<Self, CommandError> {
        let mut query = Self::default();
        if form.storing == Storing::Always {
            query.target = Some(Target { key: args.next()?, distances: false });
        }
        let _source = args.next()?;
        match form.center {
            CenterForm::Position => {
                query.center = Some(Center::Given(next_position(args)?));
                query.shape = Some(next_circle(args)?);
            }
            CenterForm::Member => {
                query.center = Some(center_of_member(args, zset)?);
                if zset.is_some() {
                    query.shape = Some(next_circle(args)?);
                } else {
                    // Whatever they are.
                    let (_radius, _unit) = (args.next()?, args.next()?);
                }
            }
            CenterForm::Option => {}
        }
        while args.left() > 0 {
            let is_known = query.parse_result_option(args)?
                || query.parse_store(args, form.storing)?
                || form.center == CenterForm::Option && query.parse_area(args, zset)?;
            if !is_known {
                return Err(CommandError::Syntax);
            }
        }
        query.check(args, form)?;
        Ok(query)
    }

    /// What is searched; nothing if that depends on a key that is not there.
    pub fn area(&self) -> Option<Area> {
        let (shape, unit_m) = self.shape?;
        let (Center::Given(center) | Center::Of(Some(center))) = self.center? else { return None };
        Some(Area { center, shape, unit_m })
    }

    fn parse_result_option(&mut self, args: &Args<'_>) -> Result<bool, CommandError> {
        if args.keyword("withdist") {
            self.with_distance = true;
        } else if args.keyword("withhash") {
            self.with_score = true;
        } else if args.keyword("withcoord") {
            self.with_position = true;
        } else if args.keyword("any") {
            self.any = true;
        } else if args.keyword("asc") {
            self.order = Some(Order::NearestFirst);
        } else if args.keyword("desc") {
            self.order = Some(Order::FarthestFirst);
        } else if args.left() > 1 && args.keyword("count") {
            let count = usize::try_from(args.next_int()?).ok().filter(|count| *count > 0);
            self.count = Some(count.ok_or(CommandError::SearchCountNotPositive)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn parse_store(&mut self, args: &'a Args<'_>, storing: Storing) -> Result<bool, CommandError> {
        match storing {
            Storing::Sometimes if args.left() > 1 && args.keyword("store") => {
                self.target = Some(Target { key: args.next()?, distances: false });
            }
            Storing::Sometimes if args.left() > 1 && args.keyword("storedist") => {
                self.target = Some(Target { key: args.next()?, distances: true });
            }
            Storing::Always if args.keyword("storedist") => {
                self.target = self.target.map(|target| Target { distances: true, ..target });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// FROMMEMBER and FROMLONLAT exclude each other, as do BYRADIUS and BYBOX.
    fn parse_area(&mut self, args: &Args<'_>, zset: Option<&Zset>) -> Result<bool, CommandError> {
        let left = args.left() - 1;
        let may_be_member = !matches!(self.center, Some(Center::Given(_)));
        let may_be_position = !matches!(self.center, Some(Center::Of(_)));
        let may_be_circle = !matches!(self.shape, Some((Shape::Box { .. }, _)));
        let may_be_box = !matches!(self.shape, Some((Shape::Circle { .. }, _)));
        if left >= 1 && may_be_member && args.keyword("frommember") {
            self.center = Some(center_of_member(args, zset)?);
        } else if left >= 2 && may_be_position && args.keyword("fromlonlat") {
            self.center = Some(Center::Given(next_position(args)?));
        } else if left >= 2 && may_be_circle && args.keyword("byradius") {
            self.shape = Some(next_circle(args)?);
        } else if left >= 3 && may_be_box && args.keyword("bybox") {
            self.shape = Some(next_box(args)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// What no argument alone tells.
    fn check(&self, args: &Args<'_>, form: Form) -> Result<(), CommandError> {
        if self.target.is_some() && (self.with_distance || self.with_score || self.with_position) {
            let storing = form.storing == Storing::Always;
            let what = if storing { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(CommandError::StoreWithDetails(what));
        }
        let is_search = form.center == CenterForm::Option;
        if is_search && self.center.is_none() {
            return Err(CommandError::SearchCenter(repeated(args.at(0))));
        }
        if is_search && self.shape.is_none() {
            return Err(CommandError::SearchShape(repeated(args.at(0))));
        }
        if self.any && self.count.is_none() {
            return Err(CommandError::AnyWithoutCount);
        }
        Ok(())
    }
}

/// The next argument as a member that must be there, if the key is.
fn center_of_member(args: &Args<'_>, zset: Option<&Zset>) -> Result<Center, CommandError> {
    let position = position_of(zset, args.next()?);
    if zset.is_some() && position.is_none() {
        return Err(CommandError::NoPositionOfMember);
    }
    Ok(Center::Of(position))
}

//! Intersection, union and difference.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use super::{Set, SetLimits};
use crate::ds::StrRef;

/// With more sets to subtract than this, their union may be cheaper to ask than all of them.
const SUBTRAHENDS_ASKED_MAX: usize = 4;

/// Visits the members that all the sets have, until told to stop. The smallest set is walked and the others are
/// asked, smaller ones first: nothing is allocated per member.
pub fn intersect(sets: &[&Set], mut visit: impl FnMut(StrRef<'_>) -> ControlFlow<()>) {
    let mut sets: SmallVec<[&Set; 8]> = sets.iter().copied().collect();
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else { return };
    let others: SmallVec<[&Set; 8]> =
        others.iter().copied().filter(|other| !std::ptr::eq(*other, *smallest)).collect();
    smallest.try_each(|probe| {
        if others.iter().all(|other| other.holds(probe)) {
            visit(probe.member())
        } else {
            ControlFlow::Continue(())
        }
    });
}

/// The intersection as a set, in the encoding that Redis gives it.
pub fn intersection(sets: &[&Set], limits: &SetLimits) -> Set {
    let starts_as_integers = sets.iter().min_by_key(|set| set.len()).is_none_or(|set| set.is_intset());
    let mut result = if starts_as_integers { Set::new() } else { Set::new_packed() };
    let mut integers_only = true;
    intersect(sets, |member| {
        integers_only &= matches!(member, StrRef::Int(_));
        result.insert(member, limits);
        ControlFlow::Continue(())
    });
    if integers_only {
        result.return_to_integers(limits);
    }
    result
}

/// The members that any of the sets has.
pub fn union<'a>(sets: impl IntoIterator<Item = &'a Set>, limits: &SetLimits) -> Set {
    let mut result = Set::new();
    for set in sets {
        for member in set.iter() {
            result.insert(member, limits);
        }
    }
    result
}

/// Visits the members of the first set that no other set has.
pub fn subtract(first: &Set, others: &[&Set], limits: &SetLimits, mut visit: impl FnMut(StrRef<'_>)) {
    if others.iter().any(|other| std::ptr::eq(*other, first)) {
        return;
    }
    let members_of_others: usize = others.iter().map(|other| other.len()).sum();
    if others.len() > SUBTRAHENDS_ASKED_MAX && members_of_others < first.len() * (others.len() - 1) {
        let union = union(others.iter().copied(), limits);
        return subtract(first, &[&union], limits, visit);
    }
    // The bigger a set, the likelier it has a member.
    let mut others: SmallVec<[&Set; 8]> = others.iter().copied().collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.len()));
    first.try_each(|probe| {
        if !others.iter().any(|other| other.holds(probe)) {
            visit(probe.member());
        }
        ControlFlow::Continue(())
    });
}

/// The difference as a set.
pub fn difference(first: &Set, others: &[&Set], limits: &SetLimits) -> Set {
    let mut result = Set::new();
    subtract(first, others, limits, |member| {
        result.insert(member, limits);
    });
    result
}

//! Members drawn by chance: SRANDMEMBER and SPOP.

use std::collections::HashSet;

use super::{Set, SetLimits, View, ViewMut, edit_integers, packed_members};
use crate::ds::StrRef;
use crate::util::random::Random;

/// When more than one in so many members is wanted, all are visited to draw them.
const SAMPLE_VISITS_ABOVE: usize = 3;
/// When fewer than one in so many members stays, those that stay make a new set.
const POP_REMAKES_BELOW: usize = 5;

/// Selection sampling: of so many members that come one by one, so many are wanted, each choice as likely as
/// any other (Knuth, The Art of Computer Programming, 3.4.2, algorithm S).
struct Selection<'r> {
    wanted: usize,
    left: usize,
    random: &'r mut Random,
}

impl Selection<'_> {
    /// Whether the next member is one of those.
    fn takes_next(&mut self) -> bool {
        let takes = (self.random.below(self.left as u64) as usize) < self.wanted;
        self.left = self.left.saturating_sub(1);
        self.wanted -= usize::from(takes);
        takes
    }
}

impl Set {
    /// A member, each as likely as any other.
    pub fn random(&self, random: &mut Random) -> Option<StrRef<'_>> {
        match self.view() {
            View::Integers(integers) => integers.random(random).map(StrRef::Int),
            View::Packed(members) => {
                members.at(random.below(members.len() as u64) as usize).map(|(member, _)| member)
            }
            View::Table(table) => table.random(random).map(|place| table.at(place).key()),
        }
    }

    /// Visits `count` different members, or all if there are not so many.
    pub fn sample(&self, count: usize, random: &mut Random, mut visit: impl FnMut(StrRef<'_>)) {
        let len = self.len();
        match self.view() {
            View::Table(table) if count.saturating_mul(SAMPLE_VISITS_ABOVE) <= len => {
                // A record does not move meanwhile: its address says which one it is.
                let mut seen = HashSet::new();
                while seen.len() < count {
                    let Some(place) = table.random(random) else { return };
                    let record = table.at(place);
                    if seen.insert(record.packed().as_ptr()) {
                        visit(record.key());
                    }
                }
            }
            _ => {
                let mut selection = Selection { wanted: count.min(len), left: len, random };
                self.iter().filter(|_| selection.takes_next()).for_each(visit);
            }
        }
    }

    /// Takes a random member out and gives it to `use_member`.
    pub fn pop<R>(&mut self, random: &mut Random, use_member: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
        let len = self.len() as u64;
        match self.view_mut() {
            ViewMut::Integers(block) => {
                let index = random.below(len) as usize;
                edit_integers(block, |it| it.remove_at(index)).map(|number| use_member(StrRef::Int(number)))
            }
            ViewMut::Packed(block) => {
                let (member, place) =
                    packed_members::PackedMembers::of(block).at(random.below(len) as usize)?;
                let result = use_member(member);
                packed_members::remove(block, place);
                Some(result)
            }
            ViewMut::Table(table) => {
                let place = table.random(random)?;
                let result = use_member(table.at(place).key());
                table.remove_at(place);
                Some(result)
            }
        }
    }

    /// Takes `count` random members out, or all if there are not so many, and visits them.
    pub fn pop_many(
        &mut self,
        count: usize,
        random: &mut Random,
        limits: &SetLimits,
        mut visit: impl FnMut(StrRef<'_>),
    ) {
        let len = self.len();
        if count >= len {
            self.iter().for_each(visit);
            *self = Self::new();
            return;
        }
        let stay = len - count;
        let mut selection = Selection { wanted: count, left: len, random };
        let mut takes_next = |member: StrRef<'_>| {
            let takes = selection.takes_next();
            if takes {
                visit(member);
            }
            takes
        };
        match self.view_mut() {
            ViewMut::Integers(block) => {
                edit_integers(block, |it| it.retain(|number| !takes_next(StrRef::Int(number))));
            }
            ViewMut::Packed(block) => packed_members::retain(block, |member| !takes_next(member)),
            ViewMut::Table(_) if stay * POP_REMAKES_BELOW > count => {
                for _ in 0..count {
                    self.pop(random, &mut visit);
                }
            }
            ViewMut::Table(_) => {
                // As in Redis the few that stay may be a `listpack` again.
                let mut kept = Self::new_packed();
                for member in self.iter().filter(|member| !takes_next(*member)) {
                    kept.insert(member, limits);
                }
                *self = kept;
            }
        }
    }
}

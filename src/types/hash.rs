//! The hash type: fields with values, and with deadlines if so wished.
//!
//! Small hashes are blocks of pairs in the order of insertion (`listpack`), large ones tables (`hashtable`). What
//! is large, [`HashLimits`] says; a table stays a table.
//!
//! **Expiry of fields.** A field may have an expiry; it is expired when that is earlier than the present. Who
//! reads a hash says what the present is and is not shown expired fields. They are still there: changes do not
//! know the time, so a command first takes out the expired ones among the fields it changes
//! ([`Hash::remove_if_expired`]), and the active expiry cycle takes out the others ([`Hash::remove_expired`]).
//! To show everything, pass [`SHOW_EXPIRED`].

mod bulk;
mod fields;
mod pairs;
mod value;

use std::collections::HashSet;

use crate::ds::StrRef;
use crate::ds::record_table::Key;
use crate::util::random::Random;
use fields::Fields;
use pairs::{Pair, Pairs};

pub use bulk::HashBulk;

/// A present before which nothing has expired.
pub const SHOW_EXPIRED: i64 = i64::MIN;
/// A random choice that hits expired fields this often in a row goes through all fields instead.
const RANDOM_TRIES_MAX: usize = 32;

/// Where small hashes end (`hash-max-listpack-entries` and `hash-max-listpack-value`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashLimits {
    pub entries_max: usize,
    pub value_bytes_max: usize,
}

/// What a new value does to the expiry of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldExpiry {
    Keep,
    Clear,
}

/// A hash.
#[derive(Debug, Clone, Default)]
pub struct Hash(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Small(Pairs),
    Large(Box<Fields>),
}

const _: () = assert!(size_of::<Hash>() == 16);

impl Default for Repr {
    fn default() -> Self {
        Self::Small(Pairs::default())
    }
}

impl Hash {
    pub fn new() -> Self {
        Self::default()
    }

    /// A large hash for about so many fields, whatever will be in it.
    fn new_large_for(fields: usize) -> Self {
        Self(Repr::Large(Box::new(Fields::with_expected(fields))))
    }

    /// The hash of fields that are known to be distinct, with their values and expiries: small unless there are
    /// too many. `bytes` is a guess at what they take together.
    pub fn of_distinct<'a>(
        fields: impl Iterator<Item = (StrRef<'a>, StrRef<'a>, Option<i64>)>,
        bytes: usize,
        limits: HashLimits,
    ) -> Self {
        let (pairs, len) = Pairs::of_distinct(fields, bytes);
        let mut hash = Self(Repr::Small(pairs));
        if len > limits.entries_max {
            hash.enlarge();
        }
        hash
    }

    /// Becomes small if that suits a hash made as a whole.
    fn settle(&mut self, limits: HashLimits) {
        let fits = |string: StrRef<'_>| string.len() <= limits.value_bytes_max;
        if matches!(self.0, Repr::Large(_))
            && self.len() <= limits.entries_max
            && self.pairs().all(|pair| fits(pair.field) && fits(pair.value))
        {
            let fields = self.pairs().map(|pair| (pair.field, pair.value, pair.expiry_ms));
            let (pairs, _) = Pairs::of_distinct(fields, 0);
            self.0 = Repr::Small(pairs);
        }
    }

    /// Number of fields, expired ones included.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Small(pairs) => pairs.spans().count(),
            Repr::Large(fields) => fields.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Small(pairs) => pairs.is_empty(),
            Repr::Large(fields) => fields.len() == 0,
        }
    }

    /// Number of fields that are not expired.
    pub fn live_len(&self, now_ms: i64) -> usize {
        if !self.has_expired(now_ms) {
            return self.len();
        }
        match &self.0 {
            Repr::Small(_) => self.iter(now_ms).count(),
            Repr::Large(fields) => fields.len() - fields.expired_len(now_ms),
        }
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Repr::Small(pairs) if pairs.has_head() => "listpackex",
            Repr::Small(_) => "listpack",
            Repr::Large(_) => "hashtable",
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Small(pairs) => pairs.heap_bytes(),
            Repr::Large(fields) => size_of::<Fields>() + fields.heap_bytes(),
        }
    }

    /// About how many allocations it takes to free this.
    pub fn free_effort(&self) -> usize {
        match &self.0 {
            Repr::Small(_) => 1,
            Repr::Large(fields) => 1 + fields.allocations(),
        }
    }

    /// The value of a field.
    #[inline]
    pub fn get(&self, field: &[u8], now_ms: i64) -> Option<StrRef<'_>> {
        self.pair(StrRef::of(field)).filter(is_live(now_ms)).map(|pair| pair.value)
    }

    pub fn contains(&self, field: &[u8], now_ms: i64) -> bool {
        self.get(field, now_ms).is_some()
    }

    /// All fields with their values: of a small hash in the order of insertion.
    pub fn iter(&self, now_ms: i64) -> impl Iterator<Item = (StrRef<'_>, StrRef<'_>)> {
        self.pairs().filter(is_live(now_ms)).map(|pair| (pair.field, pair.value))
    }

    /// The same with the expiries, expired fields included: what a snapshot contains.
    pub fn iter_with_expiries(&self) -> impl Iterator<Item = (StrRef<'_>, StrRef<'_>, Option<i64>)> {
        self.pairs().map(|pair| (pair.field, pair.value, pair.expiry_ms))
    }

    /// A step of HSCAN: visits some fields and returns the next cursor; 0 starts and ends. A small hash is
    /// visited whole.
    pub fn scan(&self, cursor: u64, now_ms: i64, mut visit: impl FnMut(StrRef<'_>, StrRef<'_>)) -> u64 {
        let visit_live = |pair: Pair<'_>| {
            if is_live(now_ms)(&pair) {
                visit(pair.field, pair.value);
            }
        };
        match &self.0 {
            Repr::Small(pairs) => {
                pairs.spans().map(|span| pairs.pair(span)).for_each(visit_live);
                0
            }
            Repr::Large(fields) => fields.scan(cursor, visit_live),
        }
    }

    /// A field that is not expired, each as likely as any other.
    pub fn random(&self, now_ms: i64, random: &mut Random) -> Option<(StrRef<'_>, StrRef<'_>)> {
        if let Repr::Large(fields) = &self.0 {
            for _ in 0..RANDOM_TRIES_MAX {
                let pair = fields.pair(fields.random(random)?);
                if is_live(now_ms)(&pair) {
                    return Some((pair.field, pair.value));
                }
            }
        }
        let chosen = random.below(self.live_len(now_ms) as u64) as usize;
        self.iter(now_ms).nth(chosen)
    }

    /// Visits so many fields that are not expired, which may repeat, each as likely as any other every time; fewer
    /// if `visit` says that it has enough.
    pub fn draw(
        &self,
        now_ms: i64,
        count: u64,
        random: &mut Random,
        mut visit: impl FnMut(StrRef<'_>, StrRef<'_>) -> bool,
    ) {
        let live: Vec<_> = match &self.0 {
            Repr::Large(fields) if !self.has_expired(now_ms) => {
                let pairs = (0..count).map_while(|_| fields.random(random)).map(|place| fields.pair(place));
                return pairs
                    .map(|pair| visit(pair.field, pair.value))
                    .take_while(|more| *more)
                    .for_each(drop);
            }
            _ => self.iter(now_ms).collect(),
        };
        for _ in 0..if live.is_empty() { 0 } else { count } {
            let (field, value) = live[random.below(live.len() as u64) as usize];
            if !visit(field, value) {
                return;
            }
        }
    }

    /// Visits `count` different fields that are not expired, or all if there are fewer, each choice as likely as
    /// any other.
    pub fn sample(
        &self,
        now_ms: i64,
        count: usize,
        random: &mut Random,
        mut visit: impl FnMut(StrRef<'_>, StrRef<'_>),
    ) {
        let len = self.live_len(now_ms);
        if let Repr::Large(fields) = &self.0
            && count < len / 4
            && !self.has_expired(now_ms)
        {
            let mut seen = HashSet::with_capacity(count);
            while seen.len() < count {
                let Some(place) = fields.random(random) else { return };
                if seen.insert(place) {
                    let pair = fields.pair(place);
                    visit(pair.field, pair.value);
                }
            }
            return;
        }
        // One pass: each field is chosen with the chance that the rest of the choice has among the rest of them.
        let mut wanted = count.min(len);
        for (passed, (field, value)) in self.iter(now_ms).enumerate() {
            if random.below((len - passed) as u64) < wanted as u64 {
                wanted -= 1;
                visit(field, value);
            }
            if wanted == 0 {
                return;
            }
        }
    }

    /// Becomes large if that many new pairs of texts no longer than this are too much for a small hash. What is
    /// there already does not count: that is the business of [`Hash::insert`].
    pub fn make_room(&mut self, pairs: usize, longest_bytes: usize, limits: HashLimits) {
        if pairs > limits.entries_max && self.is_empty() {
            *self = Self::new_large_for(pairs);
        } else if pairs > limits.entries_max || longest_bytes > limits.value_bytes_max {
            self.enlarge();
        }
    }

    /// Sets a field; says whether it is new.
    #[inline]
    pub fn insert(&mut self, field: &[u8], value: &[u8], expiry: FieldExpiry, limits: HashLimits) -> bool {
        if field.len().max(value.len()) > limits.value_bytes_max {
            self.enlarge();
        }
        let kept = |old_ms: Option<i64>| old_ms.filter(|_| expiry == FieldExpiry::Keep);
        match &mut self.0 {
            Repr::Small(pairs) => {
                let field = StrRef::of(field);
                match pairs.find(field) {
                    Ok(span) => {
                        let expiry_ms = kept(pairs.pair(span).expiry_ms);
                        pairs.replace(span, value, expiry_ms);
                        false
                    }
                    Err(len) => {
                        pairs.push(field, value);
                        if len >= limits.entries_max {
                            self.enlarge();
                        }
                        true
                    }
                }
            }
            Repr::Large(fields) => {
                let key = Key::of(field);
                let found = fields.find(&key);
                match found {
                    Some(place) => {
                        let expiry_ms = kept(fields.pair(place).expiry_ms);
                        fields.replace(&key, place, value, expiry_ms);
                    }
                    None => fields.insert_new(&key, value),
                }
                found.is_none()
            }
        }
    }

    /// Removes a field; says whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Repr::Small(pairs) => pairs.find(StrRef::of(field)).map(|span| pairs.remove(span)).is_ok(),
            Repr::Large(fields) => {
                let key = Key::of(field);
                fields.find(&key).map(|place| fields.remove(&key, place)).is_some()
            }
        }
    }

    /// The expiry of a field that is there and not expired: `Some(None)` if it has none.
    pub fn expiry_ms(&self, field: &[u8], now_ms: i64) -> Option<Option<i64>> {
        self.pair(StrRef::of(field)).filter(is_live(now_ms)).map(|pair| pair.expiry_ms)
    }

    /// Sets (Unix milliseconds) or takes away the expiry of a field; says whether the field is there.
    pub fn set_expiry_ms(&mut self, field: &[u8], expiry_ms: Option<i64>) -> bool {
        match &mut self.0 {
            Repr::Small(pairs) => {
                pairs.find(StrRef::of(field)).map(|span| pairs.set_expiry_ms(span, expiry_ms)).is_ok()
            }
            Repr::Large(fields) => {
                let key = Key::of(field);
                fields.find(&key).map(|place| fields.set_expiry_ms(&key, place, expiry_ms)).is_some()
            }
        }
    }

    /// The earliest expiry of a field.
    #[inline]
    pub fn next_expiry_ms(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(pairs) => pairs.next_expiry_ms(),
            Repr::Large(fields) => fields.next_expiry_ms(),
        }
    }

    /// Whether a field is expired and still there.
    #[inline]
    pub fn has_expired(&self, now_ms: i64) -> bool {
        self.next_expiry_ms().is_some_and(|next_ms| next_ms < now_ms)
    }

    /// Removes a field if it is expired; says whether it was.
    pub fn remove_if_expired(&mut self, field: &[u8], now_ms: i64) -> bool {
        let pair = self.pair(StrRef::of(field));
        pair.is_some_and(|pair| !is_live(now_ms)(&pair)) && self.remove(field)
    }

    /// Removes up to `count` expired fields and returns them.
    pub fn remove_expired(&mut self, now_ms: i64, count: usize) -> Vec<Vec<u8>> {
        if !self.has_expired(now_ms) {
            return Vec::new();
        }
        match &mut self.0 {
            Repr::Small(pairs) => pairs.remove_expired(now_ms, count),
            Repr::Large(fields) => std::iter::from_fn(|| fields.remove_expired(now_ms)).take(count).collect(),
        }
    }

    fn pair(&self, field: StrRef<'_>) -> Option<Pair<'_>> {
        match &self.0 {
            Repr::Small(pairs) => pairs.find(field).map(|span| pairs.pair(span)).ok(),
            Repr::Large(fields) => fields.find(&Key::of_str(field)).map(|place| fields.pair(place)),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        let (small, large) = match &self.0 {
            Repr::Small(pairs) => (Some(pairs.spans().map(|span| pairs.pair(span))), None),
            Repr::Large(fields) => (None, Some(fields.iter())),
        };
        small.into_iter().flatten().chain(large.into_iter().flatten())
    }

    fn enlarge(&mut self) {
        if let Repr::Small(pairs) = &self.0 {
            self.0 = Repr::Large(Box::new(Fields::of(pairs)));
        }
    }
}

/// Whether a pair is shown to those whose present is `now_ms`.
fn is_live(now_ms: i64) -> impl Fn(&Pair<'_>) -> bool {
    move |pair| pair.expiry_ms.is_none_or(|expiry_ms| expiry_ms >= now_ms)
}

#[cfg(test)]
mod tests;

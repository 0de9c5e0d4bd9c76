//! What a command did, recorded as data: the executor performs it afterwards, once, in one order.
//!
//! Recording is selective: the executor says what anyone is interested in (`Interest`, `EventClass`), and what
//! nobody wants is not stored; with no watchers, no tracking and no notifications a write costs one addition.
//! Keys are copied into one reused buffer.
//!
//! Knows neither clients nor channels nor the log.

use bitflags::bitflags;

bitflags! {
    /// Who wants to hear of changed and deleted keys.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Interest: u8 {
        /// Some client watches a key.
        const WATCH = 1 << 0;
        /// Some client caches keys (CLIENT TRACKING).
        const TRACKING = 1 << 1;
        /// There is an AOF, a replica or a backlog.
        const PROPAGATION = 1 << 2;
        /// Some client is blocked on a key.
        const BLOCKED = 1 << 3;
        /// Clients may write here although this is a replica: their keys are ours to expire.
        const OWN_EXPIRY = 1 << 4;
    }
}

bitflags! {
    /// Classes of keyspace events, one per letter of `notify-keyspace-events`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct EventClass: u16 {
        /// `K`: publish to `__keyspace@<db>__:<key>`.
        const KEYSPACE = 1 << 0;
        /// `E`: publish to `__keyevent@<db>__:<event>`.
        const KEYEVENT = 1 << 1;
        /// `g`
        const GENERIC = 1 << 2;
        /// `$`
        const STRING = 1 << 3;
        /// `l`
        const LIST = 1 << 4;
        /// `s`
        const SET = 1 << 5;
        /// `h`
        const HASH = 1 << 6;
        /// `z`
        const ZSET = 1 << 7;
        /// `x`
        const EXPIRED = 1 << 8;
        /// `e`
        const EVICTED = 1 << 9;
        /// `t`
        const STREAM = 1 << 10;
        /// `m`
        const KEY_MISS = 1 << 11;
        /// `d`
        const MODULE = 1 << 13;
        /// `n`
        const NEW = 1 << 14;
        /// `A`: all but key misses and new keys.
        const ALL = Self::GENERIC.bits() | Self::STRING.bits() | Self::LIST.bits() | Self::SET.bits()
            | Self::HASH.bits() | Self::ZSET.bits() | Self::EXPIRED.bits() | Self::EVICTED.bits()
            | Self::STREAM.bits() | Self::MODULE.bits();
    }
}

/// Letters in the order in which CONFIG GET shows them.
const LETTERS: [(char, EventClass); 14] = [
    ('g', EventClass::GENERIC),
    ('$', EventClass::STRING),
    ('l', EventClass::LIST),
    ('s', EventClass::SET),
    ('h', EventClass::HASH),
    ('z', EventClass::ZSET),
    ('x', EventClass::EXPIRED),
    ('e', EventClass::EVICTED),
    ('t', EventClass::STREAM),
    ('d', EventClass::MODULE),
    ('n', EventClass::NEW),
    ('K', EventClass::KEYSPACE),
    ('E', EventClass::KEYEVENT),
    ('m', EventClass::KEY_MISS),
];

impl EventClass {
    /// The classes of a text like `KEA`; `None` if a letter is unknown.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        letters.iter().try_fold(Self::empty(), |classes, letter| {
            let added = match letter {
                b'A' => Self::ALL,
                _ => LETTERS.iter().find(|(known, _)| *known as u8 == *letter)?.1,
            };
            Some(classes | added)
        })
    }

    /// The shortest text for the classes, as CONFIG GET shows it.
    pub fn letters(self) -> String {
        let all = if self.contains(Self::ALL) { Self::ALL } else { Self::empty() };
        // With `A` Redis 7.2 does not list `n`, although `A` does not contain it.
        let hidden = if all.is_empty() { all } else { all | Self::NEW };
        let shown = self.difference(hidden);
        let letters = LETTERS.iter().filter(|(_, class)| shown.contains(*class)).map(|(letter, _)| *letter);
        let prefix = if all.is_empty() { None } else { Some('A') };
        prefix.into_iter().chain(letters).collect()
    }
}

/// One thing that happened to a key or a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The key has another value, expiry, or is gone.
    Changed,
    /// An event of `notify-keyspace-events`.
    Event { class: EventClass, name: &'static str },
    /// The key expired and was deleted; implies the event `expired`, a change, and a DEL or UNLINK downstream.
    Expired,
    /// The same for eviction.
    Evicted,
    /// A list, sorted set or stream appeared under the key: blocked clients may go on.
    Wake,
    /// The key went with its whole database. Only who watches it wants to know.
    Vanished,
    /// All keys of the database are gone. The key is empty.
    Flushed,
    /// Two databases changed places.
    Swapped { with: usize },
    /// A command to propagate; `Recorded::arguments` tells it. The key is empty.
    Propagate,
}

/// What goes to AOF and replicas apart from the `Propagate` effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// The command as the client sent it, if it changed anything.
    #[default]
    AsReceived,
    /// Only what was recorded, which may be nothing.
    AsRecorded,
    /// As received, to replicas alone, and although no data changed.
    AsReceivedToReplicas,
}

/// Who must hear of every change.
const INTERESTED_IN_CHANGES: Interest =
    Interest::WATCH.union(Interest::TRACKING).union(Interest::BLOCKED).union(Interest::OWN_EXPIRY);

/// The recorder. See the module's page.
#[derive(Debug, Default)]
pub struct Effects {
    dirty: u64,
    interest: Interest,
    classes: EventClass,
    propagation: Propagation,
    batch: Batch,
}

/// Recorded effects, taken out to be performed. Keeps its buffers when it is reused.
#[derive(Debug, Default)]
pub struct Batch {
    records: Vec<Record>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    effect: Effect,
    db: usize,
    start: usize,
    end: usize,
}

/// An effect with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded<'a> {
    pub effect: Effect,
    pub db: usize,
    /// The key; of `Propagate` the packed arguments.
    pub key: &'a [u8],
}

impl Effects {
    /// Changes since the start; the executor compares before and after a command.
    pub fn dirty(&self) -> u64 {
        self.dirty
    }

    pub fn set_interest(&mut self, interest: Interest) {
        self.interest = interest;
    }

    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// Sets `notify-keyspace-events`.
    pub fn set_event_classes(&mut self, classes: EventClass) {
        self.classes = classes;
    }

    /// A key was changed: one unit of the dirty counter.
    #[inline]
    pub fn changed(&mut self, db: usize, key: &[u8]) {
        self.dirty += 1;
        self.touched(db, key);
    }

    /// More units of the dirty counter: Redis counts elements, not commands.
    pub fn add_dirty(&mut self, units: u64) {
        self.dirty += units;
    }

    /// A key was changed in a way that does not count as dirty.
    #[inline]
    pub fn touched(&mut self, db: usize, key: &[u8]) {
        if self.interest.intersects(INTERESTED_IN_CHANGES) {
            self.record(Effect::Changed, db, key);
        }
    }

    #[inline]
    pub fn event(&mut self, class: EventClass, name: &'static str, db: usize, key: &[u8]) {
        if self.wants_event(class) {
            self.record(Effect::Event { class, name }, db, key);
        }
    }

    /// A key of a type that clients may be blocked on appeared.
    pub fn wake(&mut self, db: usize, key: &[u8]) {
        if self.interest.contains(Interest::BLOCKED) {
            self.record(Effect::Wake, db, key);
        }
    }

    pub fn expired(&mut self, db: usize, key: &[u8]) {
        self.deleted(Effect::Expired, EventClass::EXPIRED, db, key);
    }

    pub fn evicted(&mut self, db: usize, key: &[u8]) {
        self.deleted(Effect::Evicted, EventClass::EVICTED, db, key);
    }

    pub fn vanished(&mut self, db: usize, key: &[u8]) {
        if self.interest.contains(Interest::WATCH) {
            self.record(Effect::Vanished, db, key);
        }
    }

    pub fn flushed(&mut self, db: usize) {
        if !self.interest.is_empty() {
            self.record(Effect::Flushed, db, &[]);
        }
    }

    pub fn swapped(&mut self, db: usize, with: usize) {
        if !self.interest.is_empty() {
            self.record(Effect::Swapped { with }, db, &[]);
        }
    }

    /// The running command is propagated as this instead (or, called again, as this, too).
    pub fn propagate_as(&mut self, db: usize, arguments: &[&[u8]]) {
        self.propagation = Propagation::AsRecorded;
        self.propagate_before(db, arguments);
    }

    /// This is propagated, too, before the running command (which may be none).
    pub fn propagate_before(&mut self, db: usize, arguments: &[&[u8]]) {
        if self.interest.contains(Interest::PROPAGATION) {
            let start = self.batch.bytes.len();
            for argument in arguments {
                self.batch.bytes.extend_from_slice(&argument.len().to_ne_bytes());
                self.batch.bytes.extend_from_slice(argument);
            }
            let end = self.batch.bytes.len();
            self.batch.records.push(Record { effect: Effect::Propagate, db, start, end });
        }
    }

    /// The running command is not propagated.
    pub fn propagate_nothing(&mut self) {
        self.propagation = Propagation::AsRecorded;
    }

    /// The running command changes no data, but replicas are to execute it too.
    pub fn propagate_to_replicas(&mut self) {
        self.propagation = Propagation::AsReceivedToReplicas;
    }

    /// How the finished command is propagated; the next one starts afresh.
    pub fn take_propagation(&mut self) -> Propagation {
        std::mem::take(&mut self.propagation)
    }

    /// Whether nothing is recorded: the executor's short cut.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.batch.records.is_empty()
    }

    pub fn len(&self) -> usize {
        self.batch.records.len()
    }

    /// Exchanges what was recorded for the (cleared) buffers of an earlier batch, so that effects recorded
    /// while these are performed do not get between them.
    pub fn take_into(&mut self, batch: &mut Batch) {
        batch.clear();
        std::mem::swap(&mut self.batch, batch);
    }

    fn wants_event(&self, class: EventClass) -> bool {
        self.classes.intersects(class)
            && self.classes.intersects(EventClass::KEYSPACE.union(EventClass::KEYEVENT))
    }

    fn deleted(&mut self, effect: Effect, class: EventClass, db: usize, key: &[u8]) {
        if self.interest.intersects(INTERESTED_IN_CHANGES.union(Interest::PROPAGATION))
            || self.wants_event(class)
        {
            self.record(effect, db, key);
        }
    }

    #[cold]
    fn record(&mut self, effect: Effect, db: usize, key: &[u8]) {
        let start = self.batch.bytes.len();
        self.batch.bytes.extend_from_slice(key);
        self.batch.records.push(Record { effect, db, start, end: self.batch.bytes.len() });
    }
}

impl Batch {
    /// The effects in the order in which they happened.
    pub fn iter(&self) -> impl Iterator<Item = Recorded<'_>> {
        self.records.iter().map(|record| Recorded {
            effect: record.effect,
            db: record.db,
            key: &self.bytes[record.start..record.end],
        })
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn clear(&mut self) {
        self.records.clear();
        self.bytes.clear();
    }
}

impl<'a> Recorded<'a> {
    /// The arguments of a `Propagate`.
    pub fn arguments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = if self.effect == Effect::Propagate { self.key } else { &[] };
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk()?;
            let (argument, after) = after.split_at_checked(usize::from_ne_bytes(*length))?;
            rest = after;
            Some(argument)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(effects: &mut Effects) -> Vec<(Effect, usize, Vec<u8>)> {
        let mut batch = Batch::default();
        effects.take_into(&mut batch);
        batch.iter().map(|it| (it.effect, it.db, it.key.to_vec())).collect()
    }

    #[test]
    fn what_nobody_wants_is_counted_but_not_stored() {
        let mut effects = Effects::default();
        effects.changed(0, b"key");
        effects.event(EventClass::STRING, "set", 0, b"key");
        effects.expired(0, b"key");
        effects.propagate_as(0, &[b"del", b"key"]);
        assert_eq!(effects.dirty(), 1);
        assert!(effects.is_empty());
        assert_eq!(effects.take_propagation(), Propagation::AsRecorded);
        assert_eq!(effects.take_propagation(), Propagation::AsReceived);
    }

    #[test]
    fn effects_come_out_in_order_and_only_once() {
        let mut effects = Effects::default();
        effects.set_interest(Interest::WATCH);
        effects.set_event_classes(EventClass::parse(b"K$").unwrap());
        effects.changed(0, b"first");
        effects.event(EventClass::STRING, "set", 3, b"second");
        effects.event(EventClass::LIST, "lpush", 3, b"third");
        let set = Effect::Event { class: EventClass::STRING, name: "set" };
        let expected = [(Effect::Changed, 0, b"first".to_vec()), (set, 3, b"second".to_vec())];
        assert_eq!(taken(&mut effects), expected);
        assert_eq!(taken(&mut effects), []);
    }

    #[test]
    fn classes_without_a_channel_are_not_events() {
        let mut effects = Effects::default();
        effects.set_event_classes(EventClass::parse(b"A").unwrap());
        effects.event(EventClass::STRING, "set", 0, b"key");
        assert!(effects.is_empty());
    }

    #[test]
    fn propagated_arguments_are_binary_safe() {
        let mut effects = Effects::default();
        effects.set_interest(Interest::PROPAGATION);
        effects.propagate_as(2, &[b"set", b"", b"a\0b"]);
        let mut batch = Batch::default();
        effects.take_into(&mut batch);
        let arguments: Vec<Vec<&[u8]>> = batch.iter().map(|it| it.arguments().collect()).collect();
        assert_eq!(arguments, [vec![&b"set"[..], b"", b"a\0b"]]);
    }

    #[test]
    fn letters_are_shown_as_redis_shows_them() {
        let shown = |text: &str| EventClass::parse(text.as_bytes()).map(EventClass::letters);
        assert_eq!(shown("KEA").as_deref(), Some("AKE"));
        assert_eq!(shown("g$lshzxetdKE").as_deref(), Some("AKE"));
        assert_eq!(shown("Elg").as_deref(), Some("glE"));
        assert_eq!(shown("Knm").as_deref(), Some("nKm"));
        assert_eq!(shown("").as_deref(), Some(""));
        assert_eq!(shown("Q"), None);
    }
}

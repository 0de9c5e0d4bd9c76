//! The classes of keyspace events and their one-letter form, as in `notify-keyspace-events`.
//! Knows neither who emits an event nor who receives it.

use bitflags::bitflags;

bitflags! {
    /// Classes of keyspace events, with the two switches (`K`, `E`) that choose the channels.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct NotifyFlags: u16 {
        /// `K`: publish on `__keyspace@<db>__:<key>`.
        const KEYSPACE = 1 << 0;
        /// `E`: publish on `__keyevent@<db>__:<event>`.
        const KEYEVENT = 1 << 1;
        /// `g`: commands that are not about one type (DEL, EXPIRE, RENAME...).
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
        /// `x`: a key was deleted because its time had come.
        const EXPIRED = 1 << 8;
        /// `e`: a key was deleted to stay within maxmemory.
        const EVICTED = 1 << 9;
        /// `t`
        const STREAM = 1 << 10;
        /// `m`: a read did not find its key. Not part of `A`.
        const KEY_MISS = 1 << 11;
        /// `d`: events of module types.
        const MODULE = 1 << 13;
        /// `n`: a key was created. Not part of `A`.
        const NEW = 1 << 14;
        /// `A`: every class but key misses and new keys.
        const ALL = Self::GENERIC.bits() | Self::STRING.bits() | Self::LIST.bits()
            | Self::SET.bits() | Self::HASH.bits() | Self::ZSET.bits() | Self::EXPIRED.bits()
            | Self::EVICTED.bits() | Self::STREAM.bits() | Self::MODULE.bits();
    }
}

/// Letters in the order in which they are printed; `A` stands for the first ten.
const CLASSES: [(u8, NotifyFlags); 11] = [
    (b'g', NotifyFlags::GENERIC),
    (b'$', NotifyFlags::STRING),
    (b'l', NotifyFlags::LIST),
    (b's', NotifyFlags::SET),
    (b'h', NotifyFlags::HASH),
    (b'z', NotifyFlags::ZSET),
    (b'x', NotifyFlags::EXPIRED),
    (b'e', NotifyFlags::EVICTED),
    (b't', NotifyFlags::STREAM),
    (b'd', NotifyFlags::MODULE),
    (b'n', NotifyFlags::NEW),
];

/// What follows the classes, whether or not they were abbreviated to `A`.
const SWITCHES: [(u8, NotifyFlags); 3] =
    [(b'K', NotifyFlags::KEYSPACE), (b'E', NotifyFlags::KEYEVENT), (b'm', NotifyFlags::KEY_MISS)];

impl NotifyFlags {
    /// Flags for a string such as `KEA` or `Kg$x`; `None` if a letter names no class.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        letters.iter().try_fold(Self::empty(), |flags, letter| {
            let class = match letter {
                b'A' => Self::ALL,
                _ => CLASSES.iter().chain(&SWITCHES).find(|(known, _)| known == letter)?.1,
            };
            Some(flags | class)
        })
    }

    /// The string CONFIG GET shows. With `A`, a set `n` is not shown: Redis hides it as well.
    pub fn letters(self) -> String {
        let mut text = String::new();
        if self.contains(Self::ALL) {
            text.push('A');
        } else {
            self.push_letters(&mut text, &CLASSES);
        }
        self.push_letters(&mut text, &SWITCHES);
        text
    }

    fn push_letters(self, text: &mut String, classes: &[(u8, Self)]) {
        let set = classes.iter().filter(|(_, class)| self.contains(*class));
        text.extend(set.map(|(letter, _)| char::from(*letter)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_back_in_the_order_of_redis() {
        for (typed, shown) in [
            ("", ""),
            ("KEA", "AKE"),
            ("Elg", "glE"),
            ("Kg$lshzxetd", "AK"),
            ("AKEm", "AKEm"),
            ("nE", "nE"),
            ("An", "A"),
        ] {
            let flags = NotifyFlags::parse(typed.as_bytes()).expect(typed);
            assert_eq!(flags.letters(), shown, "{typed}");
        }
    }

    #[test]
    fn an_unknown_letter_is_refused() {
        assert_eq!(NotifyFlags::parse(b"KEq"), None);
    }
}

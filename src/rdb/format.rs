//! Names for the bytes of the snapshot format, each with its layout. No code, no second description.
//!
//! ```text
//! snapshot  = "REDIS" version(4 decimal digits) item* 0xff checksum
//! item      = opcode ...                      see Opcode
//!           | type key(string) value          see ValueType; preceded by its expiry and usage
//! checksum  = u64 LE, CRC-64/Jones of everything before it; 0 = not computed; absent before version 5
//! length    = see LengthForm
//! string    = length bytes | encoding ...     see StringEncoding
//! payload   = type value version(u16 LE) crc64(u64 LE, of everything before it)
//! ```
//!
//! These numbers are on disks and wires: they say nothing about how values are kept in memory.

/// The version that is written unless an older one is asked for.
pub const RDB_VERSION: u8 = 11;

/// The oldest version that can be written: 9 is Redis 5, 10 is Redis 7.0, 11 is Redis 7.2.
pub const OLDEST_WRITABLE_VERSION: u8 = 9;

pub(super) const MAGIC: &[u8; 5] = b"REDIS";

/// The latest version that is read and, if nothing older can hold the data, written. 12 is Redis 7.4, whose files differ by [`ValueType::HashWithExpiries`],
/// [`ValueType::HashListpackWithExpiries`] and [`Opcode::SlotInfo`].
pub const LATEST_VERSION: u8 = 12;

/// The first version whose hashes may have fields with expiries.
pub(super) const FIELD_EXPIRIES_SINCE_VERSION: u8 = 12;

/// The first version with listpacks outside of streams; ziplists before.
pub(super) const LISTPACKS_SINCE_VERSION: u8 = 10;

/// The first version with sets as listpacks.
pub(super) const SET_LISTPACKS_SINCE_VERSION: u8 = 11;

/// The first version whose streams tell how many entries were added, and groups how many they have read.
pub(super) const STREAM_COUNTERS_SINCE_VERSION: u8 = 10;

/// The first version whose consumers of streams have an active time.
pub(super) const STREAM_ACTIVITY_SINCE_VERSION: u8 = 11;

/// The first version with functions.
pub(super) const FUNCTIONS_SINCE_VERSION: u8 = 10;

/// The first version with a checksum at its end.
pub(super) const CHECKSUM_SINCE_VERSION: u8 = 5;

/// Names of the auxiliary fields that Redis writes. A reader ignores the names it does not know.
pub mod aux {
    /// Version of the server that wrote the snapshot.
    pub const REDIS_VERSION: &str = "redis-ver";
    /// Width of its words: 32 or 64.
    pub const REDIS_BITS: &str = "redis-bits";
    /// Unix time of writing, in seconds.
    pub const CREATED: &str = "ctime";
    /// Memory in use when writing, in bytes.
    pub const USED_MEMORY: &str = "used-mem";
    /// 1 if the snapshot is the base of an append-only file, else 0.
    pub const AOF_BASE: &str = "aof-base";
    /// Database selected in the replication stream at the snapshot's offset.
    pub const REPLICATION_DB: &str = "repl-stream-db";
    /// Replication id of the history that the snapshot is a point of.
    pub const REPLICATION_ID: &str = "repl-id";
    /// Offset of the snapshot in that history.
    pub const REPLICATION_OFFSET: &str = "repl-offset";
}

/// Declares an enum of bytes with the conversions both ways, so that the list exists once.
macro_rules! bytes_on_disk {
    ($(#[$about:meta])* $name:ident { $($(#[$layout:meta])* $variant:ident = $byte:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum $name {
            $($(#[$layout])* $variant = $byte,)*
        }

        impl From<$name> for u8 {
            fn from(named: $name) -> u8 {
                named as u8
            }
        }

        impl TryFrom<u8> for $name {
            /// The byte that means nothing.
            type Error = u8;

            fn try_from(byte: u8) -> Result<Self, u8> {
                match byte {
                    $($byte => Ok(Self::$variant),)*
                    unknown => Err(unknown),
                }
            }
        }
    };
}

bytes_on_disk! {
    /// First byte of an item that is not a value. All from 244 up; types of values grow from 0.
    Opcode {
        /// `slot(length) keys(length) volatile(length)`: sizes of a slot of a cluster, a hint. Since
        /// version 12.
        SlotInfo = 244,
        /// `code(string)`: source text of a function library. Since version 10.
        Function = 245,
        /// Functions as release candidates of 7.0 wrote them. Never loaded.
        FunctionBeforeRelease = 246,
        /// `module(length) 2 when(length) annotated*  0`: data of a module that belongs to no key;
        /// see `ModuleData` for the annotated items. Since version 9.
        ModuleAux = 247,
        /// `seconds(length)`: how long the next value has not been used. Since version 9.
        Idle = 248,
        /// `u8`: the logarithmic counter of the next value's uses. Since version 9.
        Frequency = 249,
        /// `name(string) value(string)`. Since version 7.
        Aux = 250,
        /// `keys(length) volatile(length)`: sizes of the selected database, a hint. Since version 7.
        ResizeDb = 251,
        /// `i64 LE`: expiry of the next value, in Unix milliseconds. Since version 3.
        ExpiryMs = 252,
        /// `i32 LE`: expiry of the next value, in Unix seconds. Only read.
        ExpirySeconds = 253,
        /// `number(length)`: values from here on belong to this database. Without it: 0.
        SelectDb = 254,
        /// End of the items; the checksum follows.
        End = 255,
    }
}

bytes_on_disk! {
    /// First byte of a value's item, and of a payload: how the value is stored.
    ValueType {
        /// `string`.
        String = 0,
        /// `count(length) string*`.
        List = 1,
        /// `count(length) string*`.
        Set = 2,
        /// `count(length) (member(string) score)*`, a score being a byte of length and as many
        /// digits, or 253 for nan, 254 for +inf, 255 for -inf. Only read.
        SortedSetText = 3,
        /// `count(length) (field(string) value(string))*`.
        Hash = 4,
        /// `count(length) (member(string) score(f64 LE))*`. Since version 8.
        SortedSet = 5,
        /// A module's value without annotations. Never loaded.
        ModuleBeforeRelease = 6,
        /// `module(length) annotated* 0`; see `ModuleData`.
        Module = 7,
        /// `string` holding a zipmap. Only read.
        HashZipmap = 9,
        /// `string` holding a ziplist. Only read.
        ListZiplist = 10,
        /// `string` holding an intset.
        SetIntset = 11,
        /// `string` holding a ziplist of members and scores. Written up to version 9.
        SortedSetZiplist = 12,
        /// `string` holding a ziplist of fields and values. Written up to version 9.
        HashZiplist = 13,
        /// `count(length) string*`, each holding a ziplist. Written up to version 9.
        ListQuicklist = 14,
        /// A stream: listpacks by master id, groups and consumers. Written up to version 9.
        StreamListpacks = 15,
        /// `string` holding a listpack of fields and values. Since version 10.
        HashListpack = 16,
        /// `string` holding a listpack of members and scores. Since version 10.
        SortedSetListpack = 17,
        /// `count(length) (form(length) string)*`: form 1 is one plain element, 2 a listpack of
        /// elements. Since version 10.
        ListQuicklist2 = 18,
        /// A stream with its first id, maximal deleted id and added count. Version 10.
        StreamListpacks2 = 19,
        /// `string` holding a listpack of members. Since version 11.
        SetListpack = 20,
        /// A stream whose consumers also have an active time. Since version 11.
        StreamListpacks3 = 21,
        /// `earliest(i64 LE) count(length) (distance(length) field(string) value(string))*`: distance 0 is
        /// no expiry, otherwise the expiry is `earliest + distance - 1`, in Unix milliseconds. Since version 12.
        HashWithExpiries = 24,
        /// `earliest(i64 LE) string` holding a listpack of fields, values and expiries (0: none). Since
        /// version 12.
        HashListpackWithExpiries = 25,
    }
}

bytes_on_disk! {
    /// How a string is stored whose length byte has both high bits set; the byte's low six bits.
    StringEncoding {
        /// `i8`: the string is its decimal text.
        Int8 = 0,
        /// `i16 LE`: the string is its decimal text.
        Int16 = 1,
        /// `i32 LE`: the string is its decimal text.
        Int32 = 2,
        /// `compressed(length) plain(length) bytes`: an LZF stream of the first length, which
        /// decompresses to the second.
        Lzf = 3,
    }
}

bytes_on_disk! {
    /// What a length starts with. Values below 2^14 need one byte or two, of which the first begins
    /// with the bits 00 or 01 and holds the (high) six bits of the length; 11 is not a length but a
    /// string's encoding.
    LengthForm {
        /// `u32 BE`.
        Long32 = 0x80,
        /// `u64 BE`. Since version 9.
        Long64 = 0x81,
    }
}

bytes_on_disk! {
    /// What announces (as a length) each piece of a module's data, so that it can be skipped by a
    /// reader without the module.
    ModuleData {
        /// Nothing follows.
        End = 0,
        /// `length`, the bits of a signed number.
        Signed = 1,
        /// `length`.
        Unsigned = 2,
        /// `f32 LE`.
        Float = 3,
        /// `f64 LE`.
        Double = 4,
        /// `string`.
        String = 5,
    }
}

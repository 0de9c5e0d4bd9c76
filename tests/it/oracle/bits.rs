//! Bits and integers inside of strings, and HyperLogLogs. Damaged ones are left out: what is found in them depends on
//! the patches of a distribution.

use super::Group;

pub const GROUP: Group = Group { templates: TEMPLATES, words: WORDS, unordered: &[], timed: &[] };

const TEMPLATES: &[&str] = &[
    "SETBIT bits offset bit",
    "GETBIT bits offset",
    "BITCOUNT bits",
    "BITCOUNT bits index index",
    "BITCOUNT bits index index BIT",
    "BITCOUNT bits index index BYTE",
    "BITCOUNT bits index",
    "BITPOS bits bit",
    "BITPOS bits bit index",
    "BITPOS bits bit index index",
    "BITPOS bits bit index index BIT",
    "BITOP operation bits bits",
    "BITOP operation bits bits bits bits",
    "BITFIELD bits GET type at",
    "BITFIELD bits SET type at integer",
    "BITFIELD bits INCRBY type at integer",
    "BITFIELD bits OVERFLOW overflow INCRBY type at integer GET type at",
    "BITFIELD bits OVERFLOW overflow SET type at integer INCRBY type at integer",
    "BITFIELD_RO bits GET type at GET type at",
    "BITFIELD_RO bits SET type at integer",
    "SET bits text",
    "GET bits",
    "STRLEN bits",
    "DEL bits",
    "PFADD log element",
    "PFADD log element element element element",
    "PFADD log",
    "PFCOUNT log",
    "PFCOUNT log log log",
    "PFMERGE log log",
    "PFMERGE log log log",
    "PFDEBUG ENCODING log",
    "PFDEBUG DECODE log",
    "PFDEBUG TODENSE log",
    "PFDEBUG GETREG log",
    "GET log",
    "DEL log",
];

#[rustfmt::skip] // One to a line would be two pages.
const WORDS: &[(&str, &[&str])] = &[
    ("bits", &["b1", "b2", "b3", "b1", "b2", "b3", "b4", "b1", "b2", "b3", "l1", "a"]),
    ("log", &["p1", "p2", "p3", "p1", "p2", "p3", "p4", "b1", "s1"]),
    ("offset", &["0", "1", "7", "8", "9", "63", "64", "100", "1000", "-1", "4294967296",
        "9223372036854775807", "18446744073709551616", "x", ""]),
    ("bit", &["0", "1", "0", "1", "2", "-1", "x"]),
    ("index", &["0", "1", "2", "5", "-1", "-2", "-5", "100", "-100", "9223372036854775807",
        "-9223372036854775808", "x"]),
    ("operation", &["AND", "OR", "XOR", "NOT", "and", "NOR"]),
    ("type", &["u8", "i8", "u1", "i1", "u16", "i5", "u63", "i64", "u32", "i32", "u64", "i65", "u0", "x8", "i", ""]),
    ("at", &["0", "1", "7", "8", "#0", "#1", "#3", "100", "-1", "#-1", "4294967296", "9223372036854775807", "x", "#"]),
    ("integer", &["0", "1", "-1", "100", "255", "-128", "65536", "9223372036854775807", "-9223372036854775808", "x"]),
    ("overflow", &["WRAP", "SAT", "FAIL", "fail", "bogus"]),
    ("text", &["", "foobar", "\u{ff}\u{ff}", "\0\0\0", "1", "some longer text with many bits in it", "HYLL"]),
    ("element", &["a", "b", "c", "d", "e", "f", "g", "h", "1", "2", "3", "", "hello", "world"]),
];

//! Sets. Encodings are not compared: 7.0 knows no sets of encoding listpack. Random members are left out,
//! and so are zero bytes: SORT ALPHA of Redis compares what stands before them.

use super::Group;

pub const GROUP: Group = Group {
    templates: TEMPLATES,
    words: WORDS,
    unordered: &["smembers", "sinter", "sunion", "sdiff", "sscan", "spop"],
    timed: &[],
};

const TEMPLATES: &[&str] = &[
    "SADD set member",
    "SADD set member member member",
    "SADD set number number number number",
    "SADD set long",
    "SREM set member",
    "SREM set member number member",
    "SCARD set",
    "SISMEMBER set member",
    "SMISMEMBER set member number member",
    "SMEMBERS set",
    "SINTER set set",
    "SINTER set set set",
    "SUNION set set",
    "SDIFF set set",
    "SDIFF set set set",
    "SINTERSTORE set set set",
    "SUNIONSTORE set set set",
    "SDIFFSTORE set set set",
    "SINTERCARD 2 set set",
    "SINTERCARD 2 set set LIMIT count",
    "SINTERCARD count set set",
    "SMOVE set set member",
    "SPOP set 0",
    "SPOP set -1",
    "SPOP set 1000",
    "SRANDMEMBER set 0",
    "SRANDMEMBER set x",
    "SSCAN set 0 COUNT 1000",
    "SSCAN set 0 MATCH m* COUNT 1000",
    "DEL set",
    "COPY own own REPLACE",
    "TYPE set",
    "RENAME own own",
];

#[rustfmt::skip] // One to a line would be two pages.
const WORDS: &[(&str, &[&str])] = &[
    ("own", &["s1", "s2", "s3", "s4"]),
    ("set", &["s1", "s2", "s3", "s1", "s2", "s3", "s1", "s2", "s3", "s4", "s1", "s2", "s3", "a", "h1"]),
    ("member", &["m1", "m2", "m3", "m4", "1", "2", "3", "", "-7", "007", "a member", "\u{1}"]),
    ("number", &["1", "2", "3", "4", "5", "100", "-100", "70000", "-70000", "5000000000", "-5000000000",
        "9223372036854775807", "-9223372036854775808"]),
    ("long", &["a member that is longer than the sixty-four bytes up to which sets keep their packed encoding"]),
    ("count", &["0", "1", "2", "3", "-1", "9223372036854775807", "x", ""]),
];

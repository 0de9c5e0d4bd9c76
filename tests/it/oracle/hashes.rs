//! Hashes. Fields come in any order once there are many.

use super::Group;

pub const GROUP: Group = Group {
    templates: TEMPLATES,
    words: WORDS,
    unordered: &["hgetall", "hkeys", "hvals", "hscan"],
    timed: &[],
};

const TEMPLATES: &[&str] = &[
    "HSET hash field value",
    "HSET hash field value field value field value",
    "HSET hash field long",
    "HSET hash field value field",
    "HMSET hash field value field value",
    "HSETNX hash field value",
    "HGET hash field",
    "HMGET hash field field field",
    "HGETALL hash",
    "HKEYS hash",
    "HVALS hash",
    "HLEN hash",
    "HSTRLEN hash field",
    "HEXISTS hash field",
    "HDEL hash field",
    "HDEL hash field field field",
    "HINCRBY hash field integer",
    "HINCRBYFLOAT hash field float",
    "HRANDFIELD hash 0",
    "HRANDFIELD hash -9223372036854775808",
    "HRANDFIELD hash -9223372036854775808 WITHVALUES",
    "HRANDFIELD hash x WITHVALUES",
    "HSCAN hash 0 COUNT 1000",
    "HSCAN hash 0 MATCH f* COUNT 1000",
    "HSCAN hash x",
    "OBJECT ENCODING hash",
    "DEL hash",
    "COPY own own REPLACE",
    "RENAME own own",
    "TYPE hash",
];

#[rustfmt::skip] // One to a line would be two pages.
const WORDS: &[(&str, &[&str])] = &[
    ("own", &["h1", "h2", "h3"]),
    ("hash", &["h1", "h2", "h3", "h1", "h2", "h3", "h1", "h2", "h3", "h1", "h2", "h3", "a", "l1"]),
    ("field", &["f1", "f2", "f3", "f4", "f5", "1", "2", "", "-5", "007", "field with blanks", "\0\u{1}"]),
    ("value", &["", "0", "1", "10", "-3", "1.5", "abc", "9223372036854775807", "3.0e3", " 1", "nan", "inf"]),
    ("long", &["a value that is longer than the sixty-four bytes up to which hashes keep their packed encoding"]),
    ("integer", &["1", "-1", "0", "1000", "9223372036854775807", "-9223372036854775808", "x", "1.5", ""]),
    ("float", &["1", "0.1", "-2.25", "3.0e3", "nan", "inf", "-inf", "x", "1e400", "1e17", ""]),
];

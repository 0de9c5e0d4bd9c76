//! SORT over the other groups' keys. Sorted sets are its own: Redis changes their encoding when it sorts them.

use super::Group;

pub const GROUP: Group = Group { templates: TEMPLATES, words: WORDS, unordered: &[], timed: &[] };

const TEMPLATES: &[&str] = &[
    "SORT list",
    "SORT list ALPHA",
    "SORT list DESC ALPHA LIMIT index index",
    "SORT list BY nosort",
    "SORT list BY nosort GET #",
    "SORT list BY w_* ALPHA GET # GET v_* GET h_*->f",
    "SORT zset BY nosort",
    "SORT zset BY nosort DESC LIMIT index index",
    "SORT zset ALPHA",
    "SORT set ALPHA",
    "SORT set ALPHA DESC",
    "SORT numbers",
    "SORT numbers DESC LIMIT index index",
    "SORT numbers BY h_*->f",
    "SORT numbers ALPHA STORE result",
    "SORT set ALPHA STORE result",
    "SORT list BY bogus STORE result",
    "SORT_RO numbers ALPHA",
    "SORT_RO set ALPHA STORE result",
    "SORT list bogus",
    "RPUSH numbers number number number",
    "SET w_1 number",
    "SET w_2 number",
    "SET v_1 number",
    "HSET h_1 f number",
    "HSET h_2 f number",
    "LRANGE result 0 -1",
    "DEL numbers",
    "ZADD zset number one number two number three",
];

#[rustfmt::skip] // One to a line would be two pages.
const WORDS: &[(&str, &[&str])] = &[
    ("list", &["l1", "l2", "l3", "nolist", "n1"]),
    ("set", &["s1", "s2", "s3"]),
    ("zset", &["y1", "y2"]),
    ("numbers", &["n1", "n2"]),
    ("result", &["r1", "l1", "n1"]),
    ("number", &["1", "2", "3", "10", "-5", "0.5", "1e3", "inf", "-inf", "3", "3", "x"]),
    ("index", &["0", "1", "2", "-1", "5", "100", "9223372036854775807", "-9223372036854775808", "x"]),
];

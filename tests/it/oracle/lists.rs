//! Lists. Encodings are not compared: 7.0 knows no lists of encoding listpack. Nor are timeouts too large for the
//! clock: 7.0 finds them negative.

use super::Group;

pub const GROUP: Group = Group { templates: TEMPLATES, words: WORDS, unordered: &[], timed: &[] };

const TEMPLATES: &[&str] = &[
    "LPUSH list element",
    "RPUSH list element element element",
    "RPUSH list element element element element element element element element",
    "LPUSHX list element",
    "RPUSHX list element element",
    "LPOP list",
    "RPOP list",
    "LPOP list count",
    "RPOP list count",
    "LLEN list",
    "LRANGE list index index",
    "LRANGE list 0 -1",
    "LINDEX list index",
    "LSET list position element",
    "LINSERT list BEFORE element element",
    "LINSERT list AFTER element element",
    "LINSERT list side element element",
    "LREM list index element",
    "LTRIM list index index",
    "LTRIM list 1 -2",
    "LPOS list element",
    "LPOS list element RANK rank",
    "LPOS list element COUNT count",
    "LPOS list element RANK rank COUNT count MAXLEN count",
    "LMOVE list list LEFT RIGHT",
    "LMOVE list list RIGHT LEFT",
    "LMOVE list list side side",
    "RPOPLPUSH list list",
    "LMPOP count list list LEFT",
    "LMPOP 2 list list RIGHT COUNT count",
    "LMPOP count list side COUNT count",
    "BLPOP list list timeout",
    "BRPOP list timeout",
    "BLMOVE list list side side timeout",
    "BRPOPLPUSH list list timeout",
    "BLMPOP timeout 2 list list side COUNT count",
    "DEL list",
    "TYPE list",
    "RENAME own own",
    "COPY own own REPLACE",
    "EXISTS list list",
];

#[rustfmt::skip] // One to a line would be two pages.
const WORDS: &[(&str, &[&str])] = &[
    ("own", &["l1", "l2", "l3", "l4"]),
    ("list", &["l1", "l2", "l3", "l1", "l2", "l3", "l4", "l1", "l2", "l3", "l4", "a", "s1", "nolist"]),
    ("element", &["a", "b", "c", "a", "b", "", "1", "2", "-7", "300", "70000", "5000000000", "007", "hello world",
        "a long element that does not fit into many nodes, were they small, which they are not by default"]),
    ("index", &["0", "1", "2", "3", "-1", "-2", "-3", "5", "10", "-10", "100", "-100", "9223372036854775807",
        "-9223372036854775808", "x"]),
    // Redis 7 takes the lower half of an index for the whole when it sets.
    ("position", &["0", "1", "2", "-1", "-2", "5", "10", "-10", "100", "x"]),
    ("count", &["0", "1", "2", "3", "5", "100", "-1", "9223372036854775807", "-9223372036854775808", "x", ""]),
    // 7.0 takes -2^63 for a rank.
    ("rank", &["1", "2", "-1", "-2", "0", "100", "9223372036854775807", "x"]),
    ("side", &["LEFT", "RIGHT", "left", "right", "MIDDLE", "BEFORE"]),
    ("timeout", &["0.001", "0.002", "-1", "x", "", "nan"]),
];

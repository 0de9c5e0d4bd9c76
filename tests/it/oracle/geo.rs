//! Positions on earth.

use super::Group;

pub const GROUP: Group = Group { templates: TEMPLATES, words: WORDS, unordered: &[], timed: &[] };

const TEMPLATES: &[&str] = &[
    "GEOADD geo longitude latitude place",
    "GEOADD geo longitude latitude place longitude latitude place",
    "GEOADD geo option longitude latitude place",
    "GEODIST geo place place",
    "GEODIST geo place place unit",
    "GEOHASH geo place place",
    "GEOPOS geo place place",
    "GEOSEARCH geo FROMMEMBER place BYRADIUS distance unit ASC",
    "GEOSEARCH geo FROMLONLAT longitude latitude BYRADIUS distance unit DESC WITHCOORD WITHDIST WITHHASH",
    "GEOSEARCH geo FROMLONLAT longitude latitude BYBOX distance distance unit ASC COUNT count",
    "GEOSEARCH geo FROMMEMBER place BYBOX distance distance unit ASC WITHDIST",
    "GEOSEARCHSTORE target geo FROMMEMBER place BYRADIUS distance unit",
    "GEOSEARCHSTORE target geo FROMLONLAT longitude latitude BYRADIUS distance unit STOREDIST",
    "GEORADIUS geo longitude latitude distance unit ASC",
    "GEORADIUS geo longitude latitude distance unit WITHDIST WITHCOORD COUNT count ASC",
    "GEORADIUS geo longitude latitude distance unit STORE target",
    "GEORADIUS_RO geo longitude latitude distance unit DESC",
    "GEORADIUSBYMEMBER geo place distance unit ASC WITHHASH",
    "GEORADIUSBYMEMBER geo place distance unit STOREDIST target",
    "GEORADIUSBYMEMBER_RO geo place distance unit DESC",
    "ZRANGE geo 0 -1 WITHSCORES",
    "ZRANGE target 0 -1 WITHSCORES",
    "ZREM geo place",
    "DEL geo",
];

#[rustfmt::skip] // One to a line would be two pages.
const WORDS: &[(&str, &[&str])] = &[
    ("geo", &["g1", "g2", "g1", "g2", "g1", "g2", "g1", "g2", "nogeo", "b4"]),
    ("target", &["g3", "g4"]),
    ("longitude", &["13.361389", "15.087269", "-122.4194", "0", "179.9999", "-180", "180", "2.3522", "181", "x", "nan"]),
    ("latitude", &["38.115556", "37.502669", "37.7749", "0", "85.05112878", "-85.05112878", "48.8566", "86", "x"]),
    ("place", &["palermo", "catania", "paris", "here", "there", "san francisco", ""]),
    ("distance", &["0", "1", "100", "200.5", "1000", "10000", "50000", "-1", "x", "nan"]),
    ("unit", &["m", "km", "mi", "ft", "KM", "yards"]),
    ("count", &["1", "2", "0", "-1", "x"]),
    ("option", &["NX", "XX", "CH", "bogus"]),
];

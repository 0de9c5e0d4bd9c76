//! Positions on earth, kept in sorted sets.

use crate::support::{Client, Server, check, check_all};

const SYNTAX: &str = "-ERR syntax error";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

/// Two towns, and two other places on the same island.
fn sicily(client: &mut Client) {
    check(client, "GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2");
    check(client, "GEOADD s 12.758489 38.788135 edge1 17.241510 38.788135 edge2", ":2");
}

#[test]
fn positions_are_scores_of_a_sorted_set() {
    let server = Server::start();
    let client = &mut server.client();
    sicily(client);
    check_all(
        client,
        &[
            ("TYPE s", "+zset"),
            ("ZSCORE s Palermo", "$3479099956230698"),
            ("GEOPOS s Palermo missing", "*2[*2[$13.36138933897018433 $38.11555639549629859] *nil]"),
            ("GEOHASH s Palermo missing Catania", "*3[$sqc8b49rny0 $nil $sqdtr74hyu0]"),
            ("GEODIST s Palermo Catania", "$166274.1516"),
            ("GEODIST s Palermo Catania km", "$166.2742"),
            ("GEODIST s Palermo Catania MI", "$103.3182"),
            ("GEODIST s Palermo Catania ft", "$545518.8700"),
            ("GEODIST s Palermo Palermo", "$0.0000"),
            ("GEODIST s Palermo missing", "$nil"),
            ("GEODIST missing a b", "$nil"),
            ("GEOPOS s", "*0[]"),
            ("GEOPOS missing a", "*1[*nil]"),
            ("GEOHASH missing a", "*1[$nil]"),
        ],
    );
}

#[test]
fn an_addition_is_checked_as_a_whole() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("GEOADD k 1 1 a 1 86 b", "-ERR invalid longitude,latitude pair 1.000000,86.000000"),
            ("GEOADD k 1 1 a 180.1 0 b", "-ERR invalid longitude,latitude pair 180.100000,0.000000"),
            ("GEOADD k 1 1 a x 1 b", "-ERR value is not a valid float"),
            ("GEOADD k 1 1 a 1 1", SYNTAX),
            ("GEOADD k nx xx 1 1 a", SYNTAX),
            ("GEOADD k nx ch xx", SYNTAX),
            ("EXISTS k", ":0"),
            ("GEOADD k XX 1 1 a", ":0"),
            ("EXISTS k", ":0"),
            ("GEOADD k NX 1 1 a", ":1"),
            ("GEOADD k NX 2 2 a", ":0"),
            ("GEOADD k 2 2 a", ":0"),
            ("GEOADD k CH XX 3 3 a", ":1"),
            ("SET str x", "+OK"),
            ("GEOADD str 1 1 a", WRONG_TYPE),
            ("GEODIST str a b", WRONG_TYPE),
            ("GEODIST str a b parsec", "-ERR unsupported unit provided. please use M, KM, FT, MI"),
            ("GEODIST k a b m m", SYNTAX),
        ],
    );
}

#[test]
fn a_circle_or_a_box_is_searched() {
    let server = Server::start();
    let client = &mut server.client();
    sicily(client);
    check_all(
        client,
        &[
            ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km ASC", "*2[$Catania $Palermo]"),
            ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km DESC", "*2[$Palermo $Catania]"),
            ("GEOSEARCH s FROMLONLAT 15 37 BYBOX 400 400 km ASC", "*4[$Catania $Palermo $edge2 $edge1]"),
            ("GEOSEARCH s BYRADIUS 200 km FROMLONLAT 15 37 COUNT 1", "*1[$Catania]"),
            ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 0 m", "*1[$Palermo]"),
            (
                "GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 WITHCOORD WITHDIST WITHHASH",
                "*1[*4[$Catania $56.4413 :3479447370796909 *2[$15.08726745843887329 $37.50266842333162032]]]",
            ),
            ("GEORADIUS s 15 37 200 km DESC WITHDIST", "*2[*2[$Palermo $190.4424] *2[$Catania $56.4413]]"),
            ("GEORADIUS_RO s 15 37 100 km", "*1[$Catania]"),
            ("GEORADIUSBYMEMBER s Palermo 170 km COUNT 5", "*3[$Palermo $edge1 $Catania]"),
            ("GEORADIUSBYMEMBER_RO s Palermo 100 km", "*2[$Palermo $edge1]"),
            ("GEOSEARCH missing FROMMEMBER a BYRADIUS 1 m", "*0[]"),
            ("GEORADIUSBYMEMBER missing a x y", "*0[]"),
            ("GEORADIUS s 0 0 1 m", "*0[]"),
        ],
    );
    let any = client.call("GEOSEARCH s FROMLONLAT 15 37 BYBOX 400 400 km COUNT 3 ANY");
    assert!(any.starts_with("*3["), "{any}");
}

#[test]
fn distances_are_text_and_coordinates_numbers() {
    let server = Server::start();
    let client = &mut server.client();
    sicily(client);
    client.call("HELLO 3");
    check(client, "GEODIST s Palermo Catania", "$166274.1516");
    check(client, "GEOPOS s Palermo missing", "*2[*2[,13.36138933897018433 ,38.11555639549629859] _]");
}

#[test]
fn results_are_stored_as_positions_or_distances() {
    let server = Server::start();
    let client = &mut server.client();
    sicily(client);
    check_all(
        client,
        &[
            ("GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km", ":2"),
            ("GEOPOS d Catania", "*1[*2[$15.08726745843887329 $37.50266842333162032]]"),
            ("GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST COUNT 1", ":1"),
            ("ZRANGE d 0 -1", "*1[$Catania]"),
            ("GEORADIUS s 15 37 200 km STORE e", ":2"),
            ("ZRANGE e 0 -1 WITHSCORES", "*4[$Palermo $3479099956230698 $Catania $3479447370796909]"),
            ("GEORADIUSBYMEMBER s Palermo 1 m STORE s2 STOREDIST e", ":1"),
            ("ZRANGE e 0 -1 WITHSCORES", "*2[$Palermo $0]"),
            ("EXISTS s2", ":0"),
            ("GEOSEARCHSTORE e s FROMLONLAT 0 0 BYRADIUS 1 m", ":0"),
            ("EXISTS e", ":0"),
            ("GEORADIUS missing 15 37 200 km STORE d", ":0"),
            ("EXISTS d", ":0"),
            ("GEOSEARCHSTORE s s FROMLONLAT 15 37 BYRADIUS 100 km", ":1"),
            ("ZCARD s", ":1"),
        ],
    );
}

#[test]
fn options_exclude_each_other_as_redis_says() {
    let server = Server::start();
    let client = &mut server.client();
    sicily(client);
    let search = "GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km ";
    for options in ["COUNT", "JUNK", "STORE d", "STOREDIST", "FROMMEMBER Palermo", "BYBOX 1 1 m"] {
        check(client, &format!("{search}{options}"), SYNTAX);
    }
    check(client, &format!("{search}COUNT 0"), "-ERR COUNT must be > 0");
    check(client, &format!("{search}COUNT x"), "-ERR value is not an integer or out of range");
    check(client, &format!("{search}ANY"), "-ERR the ANY argument requires COUNT argument");
    check_all(
        client,
        &[
            (
                "geosearch s BYRADIUS 1 m ASC WITHDIST",
                "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch",
            ),
            (
                "GEOSEARCH s FROMMEMBER Palermo ASC WITHDIST WITHHASH",
                "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH",
            ),
            (
                "GEOSEARCHSTORE d s FROMMEMBER Palermo BYRADIUS 1 m WITHDIST",
                "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            ),
            (
                "GEORADIUS s 15 37 1 m STORE d WITHHASH",
                "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            ),
            ("GEORADIUS_RO s 15 37 1 m STORE d", SYNTAX),
            ("GEORADIUS s 15 37 -1 m", "-ERR radius cannot be negative"),
            ("GEORADIUS s 15 37 x m", "-ERR need numeric radius"),
            ("GEOSEARCH s FROMMEMBER nobody BYRADIUS 1 m", "-ERR could not decode requested zset member"),
            ("GEOSEARCH s FROMMEMBER Palermo BYBOX x 1 m", "-ERR need numeric width"),
            ("GEOSEARCH s FROMMEMBER Palermo BYBOX 1 x m", "-ERR need numeric height"),
            ("GEOSEARCH s FROMMEMBER Palermo BYBOX 1 -1 m", "-ERR height or width cannot be negative"),
            ("SET str x", "+OK"),
            ("GEORADIUS str x y z m", WRONG_TYPE),
            ("EXISTS d", ":0"),
        ],
    );
}

#[test]
fn an_area_may_lie_across_the_date_line_or_contain_everything() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("GEOADD k 179.9 10 west -179.8 10 east 0 -80 south", ":3"),
            ("GEOSEARCH k FROMMEMBER west BYRADIUS 50 km ASC", "*2[$west $east]"),
            ("GEOSEARCH k FROMLONLAT -180 10 BYRADIUS 50 km COUNT 9 DESC", "*2[$east $west]"),
            ("GEOSEARCH k FROMLONLAT 0 0 BYRADIUS 1e30 m ASC", "*3[$south $east $west]"),
            ("GEOSEARCH k FROMLONLAT 0 0 BYRADIUS inf m ASC COUNT 1", "*1[$south]"),
        ],
    );
}

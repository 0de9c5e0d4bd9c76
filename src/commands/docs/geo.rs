//! Documentation of the geo group.

use super::doc::{Doc, doc};

const SEARCH_COMPLEXITY: &str =
    "O(N+log(M)), N being the members in the cells around the area, M all members of the index";

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "geoadd",
        "3.2.0",
        "O(log(N)) for each member, N being the members of the index",
        "Adds positions to a geospatial index, creating it if need be.",
        "key [condition:(NX|XX)]@6.2.0 [change=CH]@6.2.0 data:(longitude:double latitude:double member) ...",
    )
    .changed(&[("6.2.0", "Options `CH`, `NX` and `XX`.")]),
    doc(
        "geodist",
        "3.2.0",
        "O(1)",
        "Tells the distance between two members of a geospatial index.",
        "key member1 member2 [unit:(M|KM|FT|MI)]",
    ),
    doc(
        "geohash",
        "3.2.0",
        "O(1) for each member",
        "Shows the positions of members as standard geohash strings.",
        "key [member ...]",
    ),
    doc(
        "geopos",
        "3.2.0",
        "O(1) for each member",
        "Shows the positions of members as longitude and latitude.",
        "key [member ...]",
    ),
    doc(
        "georadius",
        "3.2.0",
        SEARCH_COMPLEXITY,
        "Finds or stores the members of a geospatial index within a distance from a position.",
        "key longitude:double latitude:double radius:double unit:(M|KM|FT|MI) [WITHCOORD] \
         [WITHDIST] [WITHHASH] [count-block:(COUNT count:integer [ANY]@6.2.0)] [order:(ASC|DESC)] \
         [store:(STORE storekey:key#1{key}|STOREDIST storedistkey:key#2{key})]",
    )
    .changed(&[("6.2.0", "Option `ANY` of `COUNT`."), ("7.0.0", "Units may be in capitals.")])
    .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"),
    doc(
        "georadius_ro",
        "3.2.10",
        SEARCH_COMPLEXITY,
        "Finds the members of a geospatial index within a distance from a position.",
        "key longitude:double latitude:double radius:double unit:(M|KM|FT|MI) [WITHCOORD] \
         [WITHDIST] [WITHHASH] [count-block:(COUNT count:integer [ANY]@6.2.0)] [order:(ASC|DESC)]",
    )
    .changed(&[("6.2.0", "Option `ANY` of `COUNT`.")])
    .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument"),
    doc(
        "georadiusbymember",
        "3.2.0",
        SEARCH_COMPLEXITY,
        "Finds or stores the members of a geospatial index within a distance from one of them.",
        "key member radius:double unit:(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
         [count-block:(COUNT count:integer [ANY])] [order:(ASC|DESC)] \
         [store:(STORE storekey:key#1{key}|STOREDIST storedistkey:key#2{key})]",
    )
    .changed(&[("7.0.0", "Units may be in capitals.")])
    .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    doc(
        "georadiusbymember_ro",
        "3.2.10",
        SEARCH_COMPLEXITY,
        "Finds the members of a geospatial index within a distance from one of them.",
        "key member radius:double unit:(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
         [count-block:(COUNT count:integer [ANY])] [order:(ASC|DESC)]",
    )
    .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    doc(
        "geosearch",
        "6.2.0",
        SEARCH_COMPLEXITY,
        "Finds the members of a geospatial index in a circle or box.",
        "key from:(FROMMEMBER member|FROMLONLAT fromlonlat:(longitude:double latitude:double)) \
         by:(circle:(BYRADIUS radius:double unit:(M|KM|FT|MI))|\
         box:(BYBOX width:double height:double unit:(M|KM|FT|MI))) [order:(ASC|DESC)] \
         [count-block:(COUNT count:integer [ANY])] [WITHCOORD] [WITHDIST] [WITHHASH]",
    )
    .changed(&[("7.0.0", "Units may be in capitals.")]),
    doc(
        "geosearchstore",
        "6.2.0",
        SEARCH_COMPLEXITY,
        "Stores the members of a geospatial index in a circle or box as another one.",
        "destination:key source:key#1 \
         from:(FROMMEMBER member|FROMLONLAT fromlonlat:(longitude:double latitude:double)) \
         by:(circle:(BYRADIUS radius:double unit:(M|KM|FT|MI))|\
         box:(BYBOX width:double height:double unit:(M|KM|FT|MI))) [order:(ASC|DESC)] \
         [count-block:(COUNT count:integer [ANY])] [STOREDIST]",
    )
    .changed(&[("7.0.0", "Units may be in capitals.")]),
];

//! What a server holds, key by key, in a form that is the same for Russet and Redis 7.0.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::Client;

/// Every key with its database and type, and its value or a digest of that.
pub fn contents(client: &mut Client) -> BTreeMap<String, String> {
    each_key(client, |client, kind, key| {
        let value = match kind {
            "+zset" => scores(client, key),
            _ => client.call_arguments(&[b"DEBUG", &b"DIGEST-VALUE"[..], key]),
        };
        format!("{value} {}", client.call_arguments(&[b"PEXPIRETIME", key]))
    })
}

/// The same for the groups of streams, of which digests do not know. Left out is what 7.0 keeps otherwise: consumers
/// without pending entries, and how many entries a group has read.
pub fn groups(client: &mut Client) -> BTreeMap<String, String> {
    each_key(client, |client, kind, key| match kind {
        "+stream" => groups_of(client, key),
        _ => String::new(),
    })
}

/// Whether keys are about to expire.
pub fn has_expiring_keys(client: &mut Client) -> bool {
    let times = each_key(client, |client, _, key| client.call_arguments(&[b"PTTL", key]));
    times.values().any(|time| (0..60_000).contains(&time[1..].parse::<i64>().unwrap()))
}

/// Deletes the sorted sets, so that digests of all the rest can be compared.
pub fn forget_sorted_sets(client: &mut Client) {
    each_key(client, |client, kind, key| match kind {
        "+zset" => client.call_arguments(&[b"DEL", key]),
        _ => String::new(),
    });
}

fn each_key(
    client: &mut Client,
    mut value: impl FnMut(&mut Client, &str, &[u8]) -> String,
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for db in 0..16 {
        client.call(&format!("SELECT {db}"));
        client.send("KEYS *");
        let keys = client.raw_reply();
        for key in bulks(&keys) {
            let kind = client.call_arguments(&[&b"TYPE"[..], key]);
            values.insert(format!("{db} {kind} {}", key.escape_ascii()), value(client, &kind, key));
        }
    }
    values
}

/// The members of a sorted set with their scores. Versions spell these otherwise, also in digests, and a zero that
/// is packed has no sign.
fn scores(client: &mut Client, key: &[u8]) -> String {
    client.send_arguments(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]);
    let reply = client.raw_reply();
    let elements: Vec<String> = bulks(&reply)
        .chunks(2)
        .map(|pair| {
            let score: f64 = str::from_utf8(pair[1]).unwrap().parse().unwrap();
            format!("{} {:?}", pair[0].escape_ascii(), score + 0.0)
        })
        .collect();
    elements.join(" ")
}

fn groups_of(client: &mut Client, key: &[u8]) -> String {
    let reply = client.call_arguments(&[b"XINFO", &b"GROUPS"[..], key]);
    let words: Vec<&str> = reply.split([' ', '[', ']']).collect();
    let facts: Vec<&str> = words
        .windows(2)
        .filter(|pair| ["$name", "$pending", "$last-delivered-id"].contains(&pair[0]))
        .map(|pair| pair[1])
        .collect();
    let mut groups = facts.join(" ");
    for name in facts.iter().step_by(3) {
        groups += &client.call_arguments(&[b"XPENDING", key, &name.as_bytes()[1..]]);
    }
    groups
}

/// Fails with the keys that are not the same on both sides.
#[track_caller]
pub fn assert_same(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) {
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| left.get(*name) != right.get(*name))
        .map(|name| format!("{name}\n  left:  {:?}\n  right: {:?}", left.get(name), right.get(name)))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The elements of an array of strings.
fn bulks(reply: &[u8]) -> Vec<&[u8]> {
    let mut bulks = Vec::new();
    let mut rest = &reply[reply.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let length: usize = str::from_utf8(&rest[1..end - 1]).unwrap().parse().unwrap();
        bulks.push(&rest[end + 1..end + 1 + length]);
        rest = &rest[end + 3 + length..];
    }
    bulks
}

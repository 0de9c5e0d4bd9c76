//! The table against itself: names, defaults, and every row through its field and its text.

use std::collections::HashSet;

use super::super::kind::{Kind, Unit, Value};
use super::super::row::{Field, all_names, find};
use super::super::{ClientsMemory, Config, SetContext, readme_table};
use super::ROWS;

/// Text that the row accepts and that is not its default.
fn another_text(kind: Kind, default: &str) -> &'static str {
    match kind {
        Kind::Flag => {
            if default == "yes" {
                "no"
            } else {
                "yes"
            }
        }
        Kind::Number { unit: Unit::Octal, .. } => "700",
        Kind::Number { min, max, .. } => match (min, max) {
            (_, 10) => "7",
            (_, 12) => "9",
            (_, 99) => "42",
            _ if min <= 1 => "77",
            _ => "4194304",
        },
        Kind::Text { .. } => "other",
        Kind::Choice(words) => words.iter().find(|word| **word != default).expect("two words"),
        Kind::Directory => "/",
        Kind::SavePoints => "10 20",
        Kind::OutputLimits => "normal 1 2 3 slave 4 5 6 pubsub 7 8 9",
        Kind::OomScores => "1 2 3",
        Kind::NotifyFlags => "AKE",
        Kind::Addresses => "127.0.0.1 ::1",
        Kind::Primary => "example.com 7000",
        Kind::Percentiles => "1 99.999",
        Kind::ShutdownFlags => "nosave now",
    }
}

fn arguments(kind: Kind, text: &str) -> Vec<&[u8]> {
    match (kind.takes_many(), text) {
        (_, "") => vec![b""],
        (true, _) => text.split(' ').map(str::as_bytes).collect(),
        (false, _) => vec![text.as_bytes()],
    }
}

#[test]
fn every_name_and_alias_is_unique_and_lower_case() {
    let mut seen = HashSet::new();
    for named in all_names() {
        assert!(seen.insert(named.name), "{} stands twice", named.name);
        assert_eq!(named.name, named.name.to_ascii_lowercase());
    }
}

#[test]
fn the_table_has_the_directives_of_redis_7_2() {
    let visible = ROWS.iter().filter(|row| !row.flags.hidden);
    let aliases = visible.clone().filter(|row| row.alias.is_some()).count();
    // And one of our own, `rdb-compat-version`, and one of a later Redis, `aof-load-corrupt-tail-max-size`.
    assert_eq!((visible.count(), aliases, ROWS.len()), (176 + 2, 19, 183 + 2));
}

#[test]
fn every_row_round_trips_its_default_and_another_value() {
    for row in ROWS {
        let mut config = Config::default();
        let default = row.text(&config);
        let text = String::from_utf8(default.clone()).expect(row.name);
        row.set(&mut config, &arguments(row.kind, &text))
            .or_else(|reason| if row.name == "replicaof" { Ok(()) } else { Err(reason) })
            .expect(row.name);
        assert_eq!(row.text(&config), default, "{}", row.name);

        let other = another_text(row.kind, row.default);
        row.set(&mut config, &arguments(row.kind, other)).expect(row.name);
        assert_eq!(String::from_utf8_lossy(&row.text(&config)), other, "{}", row.name);
        assert_ne!(config, Config::default(), "{} writes nothing", row.name);

        row.put(&mut config, row.default_value());
        config.kept.clear();
        assert_eq!(config, Config::default(), "{} writes a field of another row", row.name);
    }
}

#[test]
fn every_bound_fits_its_field() {
    for row in ROWS {
        let Kind::Number { min, max, .. } = row.kind else {
            continue;
        };
        for bound in [min, max] {
            let mut config = Config::default();
            row.put(&mut config, Value::Number(bound));
            let held = row.value(&config);
            assert!(held == Value::Number(bound) || row.name == "hz", "{}: {bound}", row.name);
        }
    }
}

#[test]
fn every_rewritten_line_can_be_read_back() {
    for row in ROWS {
        let mut config = Config::default();
        let other = another_text(row.kind, row.default);
        row.set(&mut config, &arguments(row.kind, other)).expect(row.name);
        let lines = row.kind.lines(&row.value(&config), &row.default_value());
        let mut again = Config::default();
        for line in lines {
            let parts = crate::util::text::split_args(&line.arguments).expect(row.name);
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            row.set(&mut again, &parts).expect(row.name);
        }
        assert_eq!(row.text(&again), row.text(&config), "{}", row.name);
    }
}

#[test]
fn defaults_are_those_of_redis() {
    let config = Config::default();
    assert_eq!(config.network.port, 6379);
    assert_eq!(config.network.bind, ["*", "-::*"]);
    assert_eq!(config.limits.bulk_bytes, 512 << 20);
    assert_eq!(config.memory.clients, ClientsMemory::Bytes(0));
    assert_eq!(config.replication.primary, None);
    assert_eq!(config.process.pidfile, None);
    for (name, text) in [
        ("save", "3600 1 300 100 60 10000"),
        ("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
        ("latency-tracking-info-percentiles", "50 99 99.9"),
        ("oom-score-adj-values", "0 200 800"),
        ("repl-backlog-size", "1048576"),
        ("shutdown-on-sigterm", "default"),
        ("slaveof", ""),
    ] {
        assert_eq!(config.text_of(name).expect(name), text.as_bytes(), "{name}");
    }
}

#[test]
fn hz_is_capped() {
    let config = Config::default();
    for (asked, held) in [("0", 1), ("1000", 500), ("77", 77)] {
        let (config, _) = config.set(&[(b"hz", asked.as_bytes())], SetContext::default()).expect("a number");
        assert_eq!(config.process.hz, held);
    }
}

#[test]
fn directives_without_a_field_are_reported_all_the_same() {
    let io_threads = find(b"io-threads").expect("a row").row;
    assert!(matches!(io_threads.field, Field::Kept));
    assert_eq!(Config::default().text_of("io-threads").expect("a row"), b"1");
}

#[test]
fn the_readme_lists_every_visible_directive() {
    let table = readme_table();
    assert!(table.contains("| `port` | `6379` | yes |"));
    assert!(table.contains("| `replicaof` (`slaveof`) | `no one` | no |"));
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&table), "the table of README.md is now:\n{table}");
}

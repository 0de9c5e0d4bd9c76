//! The shape of a row and the search among all of them.

use super::{
    acl, bitmap, connection, generic, geo, hash, hyperloglog, list, pubsub, replication, server, set,
    sorted_set, stream, string, transactions,
};
use crate::commands::syntax::{self, Argument};

/// One command's documentation.
#[derive(Debug)]
pub struct Doc {
    /// In lower case; a subcommand's is `client|kill`.
    pub name: &'static str,
    /// The first version of Redis that had it.
    pub since: &'static str,
    pub complexity: Option<&'static str>,
    pub summary: &'static str,
    pub deprecation: Option<Deprecation>,
    /// Changes of behaviour: version and what is new.
    pub history: &'static [(&'static str, &'static str)],
    /// Not meant for applications.
    is_system: bool,
    syntax: &'static str,
}

/// Since when a command is out of use, and what to use instead.
#[derive(Debug, Clone, Copy)]
pub struct Deprecation {
    pub since: &'static str,
    pub replaced_by: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Bitmap,
    Connection,
    Generic,
    Geo,
    Hash,
    HyperLogLog,
    List,
    PubSub,
    Server,
    Set,
    SortedSet,
    Stream,
    String,
    Transactions,
}

impl Group {
    /// The `group` of COMMAND DOCS.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bitmap => "bitmap",
            Self::Connection => "connection",
            Self::Generic => "generic",
            Self::Geo => "geo",
            Self::Hash => "hash",
            Self::HyperLogLog => "hyperloglog",
            Self::List => "list",
            Self::PubSub => "pubsub",
            Self::Server => "server",
            Self::Set => "set",
            Self::SortedSet => "sorted-set",
            Self::Stream => "stream",
            Self::String => "string",
            Self::Transactions => "transactions",
        }
    }
}

/// A row. `complexity` may be empty: some commands have none.
pub(super) const fn doc(
    name: &'static str,
    since: &'static str,
    complexity: &'static str,
    summary: &'static str,
    syntax: &'static str,
) -> Doc {
    let complexity = if complexity.is_empty() { None } else { Some(complexity) };
    Doc { name, since, complexity, summary, deprecation: None, history: &[], is_system: false, syntax }
}

impl Doc {
    pub(super) const fn changed(mut self, history: &'static [(&'static str, &'static str)]) -> Self {
        self.history = history;
        self
    }

    pub(super) const fn deprecated(mut self, since: &'static str, replaced_by: &'static str) -> Self {
        self.deprecation = Some(Deprecation { since, replaced_by });
        self
    }

    pub(super) const fn system(mut self) -> Self {
        self.is_system = true;
        self
    }

    /// The argument tree, derived from the row's syntax line.
    pub fn arguments(&self) -> Vec<Argument<'static>> {
        syntax::parse(self.syntax).expect("a test parses every row")
    }

    /// The `doc_flags` of COMMAND DOCS.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let deprecated = self.deprecation.map(|_| "deprecated");
        deprecated.into_iter().chain(self.is_system.then_some("syscmd"))
    }
}

const TABLES: [(Group, &[Doc]); 16] = [
    (Group::Server, acl::ROWS),
    (Group::Bitmap, bitmap::ROWS),
    (Group::Connection, connection::ROWS),
    (Group::Generic, generic::ROWS),
    (Group::Geo, geo::ROWS),
    (Group::Hash, hash::ROWS),
    (Group::HyperLogLog, hyperloglog::ROWS),
    (Group::List, list::ROWS),
    (Group::PubSub, pubsub::ROWS),
    (Group::Server, replication::ROWS),
    (Group::Server, server::ROWS),
    (Group::Set, set::ROWS),
    (Group::SortedSet, sorted_set::ROWS),
    (Group::Stream, stream::ROWS),
    (Group::String, string::ROWS),
    (Group::Transactions, transactions::ROWS),
];

/// The group and the documentation of a command by its full name in lower case (`get`, `client|kill`).
pub fn lookup(full_name: &str) -> Option<(Group, &'static Doc)> {
    TABLES.into_iter().find_map(|(group, rows)| {
        let index = rows.binary_search_by(|row| row.name.cmp(full_name)).ok()?;
        Some((group, rows.get(index)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_and_its_syntax_parses() {
        for (_, rows) in TABLES {
            assert!(rows.is_sorted_by(|one, next| one.name < next.name));
            for row in rows {
                assert_eq!(
                    lookup(row.name).map(|(_, found)| found.summary),
                    Some(row.summary),
                    "{}",
                    row.name
                );
                syntax::parse(row.syntax).unwrap_or_else(|error| panic!("{}: {error}", row.name));
            }
        }
        assert!(lookup("nosuchcommand").is_none());
        assert!(lookup("GET").is_none());
    }

    #[test]
    fn a_subcommand_has_a_documented_container() {
        for row in TABLES.into_iter().flat_map(|(_, rows)| rows) {
            if let Some((container, _)) = row.name.split_once('|') {
                assert!(lookup(container).is_some(), "{}", row.name);
            }
        }
    }

    #[test]
    fn sentences_end_and_versions_are_versions() {
        for row in TABLES.into_iter().flat_map(|(_, rows)| rows) {
            assert!(row.summary.ends_with('.'), "{}", row.name);
            let versions = row.history.iter().map(|(version, _)| *version).chain([row.since]);
            for version in versions {
                assert_eq!(
                    version.split('.').filter(|part| part.parse::<u8>().is_ok()).count(),
                    3,
                    "{}",
                    row.name
                );
            }
        }
    }

    #[test]
    fn set_is_documented_as_a_whole() {
        let (group, set) = lookup("set").unwrap();
        assert_eq!((set.since, group.name(), set.complexity), ("1.0.0", "string", Some("O(1)")));
        assert_eq!(set.history.len(), 4);
        assert_eq!(set.flags().count(), 0);
        let names: Vec<_> = set.arguments().into_iter().map(|argument| argument.name.into_owned()).collect();
        assert_eq!(names, ["key", "value", "condition", "get", "expiration"]);
        assert_eq!(lookup("getset").unwrap().1.flags().collect::<Vec<_>>(), ["deprecated"]);
        assert_eq!(lookup("debug").unwrap().1.flags().collect::<Vec<_>>(), ["syscmd"]);
        assert!(lookup("monitor").unwrap().1.complexity.is_none());
    }
}

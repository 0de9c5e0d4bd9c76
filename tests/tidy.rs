//! House rules that neither rustc nor clippy knows, as tests: each message says what to do instead.
//!
//! Sources are read as text with strings and comments told apart (`tidy/source.rs`); nothing is
//! compiled or parsed further. Exceptions stand in `tidy/exceptions.rs`, by name, and may only shrink.

#[path = "tidy/exceptions.rs"]
mod exceptions;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/source.rs"]
mod source;

use std::sync::LazyLock;

use exceptions::{ERROR_TEXTS, LONG_FILES, LONG_FUNCTIONS, MOD_RS_ITEMS, UNSAFE_HOMES};
use layers::Layers;
use source::{Source, sources};

/// A file beyond this many lines, unit tests apart, stands in the list of exceptions.
const FILE_LINES_SOFT_MAX: usize = 500;
/// No file of the server is longer than this, unit tests apart.
const FILE_LINES_MAX: usize = 800;
/// A function beyond this many lines stands in the list of exceptions.
const FUNCTION_LINES_MAX: usize = 70;
/// An exception may be this much above what it excepts, so that small edits need no other one.
const SLACK_LINES: usize = 20;

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| sources(&["src", "tests"]));

/// The first words of error replies.
const ERROR_CODES: &[&str] = &[
    "ASK",
    "BUSY",
    "BUSYGROUP",
    "BUSYKEY",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "DENIED",
    "ERR",
    "EXECABORT",
    "INPROG",
    "INVALIDOBJ",
    "IOERR",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOGOODSLAVE",
    "NOGROUP",
    "NOMASTERLINK",
    "NOPERM",
    "NOPROTO",
    "NOREPLICAS",
    "NOSCRIPT",
    "NOTBUSY",
    "OOM",
    "READONLY",
    "TESTFAILED",
    "TRYAGAIN",
    "UNBLOCKED",
    "UNKILLABLE",
    "WRONGPASS",
    "WRONGTYPE",
];

#[test]
fn layers_use_only_what_stands_above_them_in_the_map() {
    let layers = Layers::from_map(&SOURCES);
    check(server_sources().flat_map(|file| layers.violations(file)));
}

#[test]
fn every_file_says_what_it_is_for() {
    check(SOURCES.iter().filter(|file| !file.text.starts_with("//! ")).map(|file| {
        format!("{}: opens without `//!`; say in its first lines what the file is for", file.path)
    }));
}

#[test]
fn sources_are_ascii() {
    check(SOURCES.iter().flat_map(|file| {
        file.text.lines().enumerate().filter(|(_, line)| !line.is_ascii()).map(|(index, line)| {
            let found = line.chars().find(|c| !c.is_ascii()).unwrap_or_default();
            format!("{}:{}: has {found:?}; write ASCII (`...`, `->`, `\\u{{..}}`)", file.path, index + 1)
        })
    }));
}

#[test]
fn files_are_short_enough_to_read() {
    let sizes: Vec<(String, usize)> = server_sources()
        .filter(|file| !file.is_test())
        .map(|file| (file.path.clone(), file.lines_without_tests()))
        .collect();
    check(sizes.iter().filter(|(_, lines)| *lines > FILE_LINES_MAX).map(|(path, lines)| {
        format!("{path}: {lines} lines, more than {FILE_LINES_MAX}; no exceptions: split it by topic")
    }));
    ratchet(
        &sizes,
        LONG_FILES,
        FILE_LINES_SOFT_MAX,
        "LONG_FILES",
        "split it by topic, or move its tests out",
    );
}

#[test]
fn functions_are_short_enough_to_read() {
    let sizes: Vec<(String, usize)> = server_sources()
        .filter(|file| !file.is_test())
        .flat_map(|file| {
            file.functions().into_iter().map(|(name, lines)| (format!("{}: {name}", file.path), lines))
        })
        .collect();
    let advice = "give its steps names of their own (a table or a flat match may stay)";
    ratchet(&sizes, LONG_FUNCTIONS, FUNCTION_LINES_MAX, "LONG_FUNCTIONS", advice);
}

#[test]
fn error_texts_stand_in_one_file() {
    let excepted = |file: &Source, text: &str| {
        file.path.starts_with("src/commands/error")
            || ERROR_TEXTS.iter().any(|(path, start)| file.path == *path && text.starts_with(start))
    };
    check(server_sources().filter(|file| !file.is_test()).flat_map(|file| {
        file.literals_without_tests()
            .filter(|literal| {
                literal.text.split_once(' ').is_some_and(|(code, _)| ERROR_CODES.contains(&code))
            })
            .filter(|literal| !excepted(file, &literal.text))
            .map(|literal| {
                let start: String = literal.text.chars().take(40).collect();
                format!(
                    "{}:{}: error text {start:?}; make it a variant of CommandError in src/commands/error.rs",
                    file.path, literal.line
                )
            })
    }));
}

#[test]
fn lints_are_lifted_by_expect_with_a_reason() {
    check(SOURCES.iter().flat_map(|file| {
        let allows = file.attributes("allow").into_iter().map(|(line, _)| {
            format!(
                "{}:{line}: `allow`; write #[expect(..., reason = \"...\")], it ends with its cause",
                file.path
            )
        });
        let bare = file.attributes("expect").into_iter().filter(|(_, text)| !text.contains("reason =")).map(
            |(line, _)| format!("{}:{line}: `expect` without a reason; add reason = \"...\"", file.path),
        );
        allows.chain(bare).collect::<Vec<_>>()
    }));
}

#[test]
fn mod_rs_is_a_table_of_contents() {
    let is_listing = |item: &str| {
        let item = item.strip_prefix("pub").unwrap_or(item).trim_start();
        let item =
            ["(crate)", "(super)"].into_iter().find_map(|scope| item.strip_prefix(scope)).unwrap_or(item);
        let item = item.trim_start();
        item.starts_with("mod ") || item.starts_with("use ")
    };
    check(server_sources().filter(|file| file.path.ends_with("/mod.rs")).flat_map(|file| {
        file.items()
            .into_iter()
            .filter(|(_, item)| !is_listing(item))
            .filter(|(_, item)| {
                !MOD_RS_ITEMS
                    .iter()
                    .any(|(path, start)| file.path.starts_with(path) && item.starts_with(start))
            })
            .map(|(line, item)| {
                let start = item.lines().next().unwrap_or_default();
                format!(
                    "{}:{line}: `{start}`; mod.rs lists modules and re-exports: move it to a file",
                    file.path
                )
            })
            .collect::<Vec<_>>()
    }));
}

#[test]
fn unsafe_code_stays_at_home() {
    check(
        sources(&["src"])
            .iter()
            .filter(|file| !UNSAFE_HOMES.iter().any(|home| file.path.starts_with(home)))
            .flat_map(|file| {
                file.lines_with_word("unsafe").into_iter().map(|line| {
                    format!(
                        "{}:{line}: `unsafe`; offer it as a safe function of src/sys and call that",
                        file.path
                    )
                })
            }),
    );
}

#[test]
fn names_do_without_get() {
    check(server_sources().flat_map(|file| {
        file.functions().into_iter().filter(|(name, _)| name.starts_with("get_")).map(|(name, _)| {
            format!("{}: fn {name}; name what it returns: `{}`", file.path, name.trim_start_matches("get_"))
        })
    }));
}

#[test]
fn nothing_is_left_to_do_in_comments() {
    check(SOURCES.iter().flat_map(|file| {
        file.comments.iter().enumerate().filter_map(|(index, comment)| {
            let mark = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")]
                .into_iter()
                .find(|mark| comment.split(|c: char| !c.is_alphanumeric()).any(|word| word == *mark))?;
            Some(format!(
                "{}:{}: {mark}; do it, or say in the `//!` what the file leaves out",
                file.path,
                index + 1
            ))
        })
    }));
}

fn server_sources() -> impl Iterator<Item = &'static Source> {
    SOURCES.iter().filter(|file| file.path.starts_with("src/"))
}

/// Sizes above `limit` must be in the list, and the list may not promise more than is needed.
#[track_caller]
fn ratchet(sizes: &[(String, usize)], list: &[(&str, usize)], limit: usize, list_name: &str, advice: &str) {
    let listed = |name: &str| list.iter().find(|(listed, _)| *listed == name).map(|(_, lines)| *lines);
    let too_long = sizes.iter().filter(|(_, lines)| *lines > limit).filter_map(|(name, lines)| {
        let allowed = listed(name).unwrap_or(limit);
        (*lines > allowed).then(|| format!("{name}: {lines} lines, more than {allowed}; {advice}"))
    });
    let stale = list.iter().filter_map(|(name, allowed)| {
        let lines = sizes.iter().filter(|(found, _)| found == name).map(|(_, lines)| *lines).max();
        match lines {
            None => Some(format!("{list_name}: {name} does not exist; remove its row")),
            Some(lines) if lines <= limit => {
                Some(format!("{list_name}: {name} is short enough now ({lines}); remove its row"))
            }
            Some(lines) if lines + SLACK_LINES < *allowed => {
                Some(format!("{list_name}: {name} has shrunk; lower its row to {lines}"))
            }
            Some(_) => None,
        }
    });
    check(too_long.chain(stale));
}

#[track_caller]
fn check(violations: impl Iterator<Item = String>) {
    let violations: Vec<String> = violations.collect();
    assert!(violations.is_empty(), "{} to mend:\n{}\n", violations.len(), violations.join("\n"));
}

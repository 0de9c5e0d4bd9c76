//! CONFIG GET and CONFIG SET. A set is all or nothing: it works on a copy, and the caller keeps
//! the old configuration until everything in the list of changes has been applied.

use thiserror::Error;

use super::kind::Value;
use super::row::{Apply, Named, all_names, find};
use super::settings::Config;
use crate::util::glob;
use crate::util::text::c_text;

/// What CONFIG SET must know of the moment at which it runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetContext {
    /// A snapshot or append-only file is being loaded.
    pub loading: bool,
    /// The client is connected from this machine.
    pub client_is_local: bool,
}

/// One thing the server must do for the new values to be in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub apply: Apply,
    /// The first directive that asked for it, for [`SetError::failed`].
    pub name: &'static str,
}

/// Why CONFIG SET changed nothing. The text follows `ERR ` in the reply.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SetError {
    #[error("Unknown option or number of arguments for CONFIG SET - '{0}'")]
    Unknown(String),
    #[error("CONFIG SET failed (possibly related to argument '{name}') - {reason}")]
    Failed { name: String, reason: String },
    /// The reply is the one every command gets while loading, with its own prefix.
    #[error("Redis is loading the dataset in memory")]
    Loading,
}

impl SetError {
    /// The error of a value that is valid but could not be applied.
    pub fn failed(name: &str, reason: &str) -> Self {
        Self::Failed { name: name.to_owned(), reason: reason.to_owned() }
    }
}

impl Config {
    /// The directives that match any of the patterns, each once, with their values.
    ///
    /// A pattern without wildcards is a name: it finds hidden directives too, and is answered
    /// under the spelling that was asked for.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
        let mut found: Vec<(String, Named)> = Vec::new();
        for pattern in patterns {
            let is_new = |name: &[u8], found: &[(String, Named)]| {
                !found.iter().any(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
            };
            if !pattern.iter().any(|byte| b"[*?".contains(byte)) {
                if is_new(pattern, &found)
                    && let Some(named) = find(pattern)
                {
                    found.push((String::from_utf8_lossy(pattern).into_owned(), named));
                }
                continue;
            }
            for named in all_names().filter(|named| !named.row.flags.hidden) {
                let name = named.name.as_bytes();
                if glob::matches(pattern, name, true) && is_new(name, &found) {
                    found.push((named.name.to_owned(), named));
                }
            }
        }
        found.into_iter().map(|(name, named)| (name, named.row.text(self))).collect()
    }

    /// The value of one directive as CONFIG GET shows it; `None` if there is no such name.
    pub fn text_of(&self, name: &str) -> Option<Vec<u8>> {
        Some(find(name.as_bytes())?.row.text(self))
    }

    /// Is a directive that is a yes-or-no switch on? False for other names.
    pub fn is_on(&self, name: &str) -> bool {
        find(name.as_bytes()).is_some_and(|named| named.row.value(self) == Value::Flag(true))
    }

    /// A copy with the new values, and what to do about those that differ, each thing once.
    pub fn set(
        &self,
        pairs: &[(&[u8], &[u8])],
        context: SetContext,
    ) -> Result<(Self, Vec<Change>), SetError> {
        let targets = self.settable(pairs, context)?;
        let mut config = self.clone();
        let mut changes: Vec<Change> = Vec::new();
        for (named, (_, value)) in targets.iter().zip(pairs) {
            let row = named.row;
            let fail = |reason: &str| SetError::failed(named.name, reason);
            let arguments: Vec<&[u8]> = match (row.kind.takes_many(), value) {
                (true, []) => vec![],
                (true, _) => value.split(|byte| *byte == b' ').collect(),
                (false, _) => vec![value],
            };
            let before = row.value(&config);
            row.set(&mut config, &arguments).map_err(|reason| fail(&reason))?;
            let after = row.value(&config);
            if let (Some(reason), Value::Flag(true)) = (row.absent, &after) {
                return Err(fail(reason));
            }
            let is_due = before != after || row.flags.volatile;
            if let Some(apply) = row.apply
                && is_due
                && !changes.iter().any(|change| change.apply == apply)
            {
                changes.push(Change { apply, name: named.name });
            }
        }
        Ok((config, changes))
    }

    /// The rows of the pairs, if all may be set now. The first obstacle is the one reported.
    fn settable(&self, pairs: &[(&[u8], &[u8])], context: SetContext) -> Result<Vec<Named>, SetError> {
        let protected = !self.security.enable_protected_configs.allows(context.client_is_local);
        let mut targets: Vec<Named> = Vec::with_capacity(pairs.len());
        for (asked, _) in pairs {
            let asked_name = || c_text(asked).into_owned();
            let Some(named) = find(asked) else {
                return Err(SetError::Unknown(asked_name()));
            };
            let flags = named.row.flags;
            let reason = if flags.immutable {
                "can't set immutable config"
            } else if flags.protected && protected {
                "can't set protected config"
            } else if context.loading && flags.deny_loading {
                return Err(SetError::Loading);
            } else if targets.iter().any(|target| target.name == named.name) {
                "duplicate parameter"
            } else {
                targets.push(named);
                continue;
            };
            return Err(SetError::Failed { name: asked_name(), reason: reason.to_owned() });
        }
        Ok(targets)
    }
}

#[cfg(test)]
mod tests;

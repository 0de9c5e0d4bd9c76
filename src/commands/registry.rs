//! The commands of this server: the tables of all groups, numbered, with `rename-command` applied.
//!
//! Lookup is case-insensitive, allocates nothing and hashes the name once.

use super::command::Command;
use crate::engine::CommandId;
use crate::resp::Request;

/// Longer names cannot be commands. `rename-command` may give names of any length: those beyond it are
/// refused at start.
const NAME_BYTES_MAX: usize = 64;

/// A command with its place in the server.
#[derive(Debug)]
pub struct Registered {
    pub command: &'static Command,
    /// The name clients use: the row's, unless renamed.
    pub name: Box<str>,
    /// `client|kill` for a subcommand.
    pub full_name: Box<str>,
    pub parent: Option<CommandId>,
    pub subcommands: Vec<CommandId>,
}

/// All commands, by number and by name.
#[derive(Debug)]
pub struct Registry {
    commands: Vec<Registered>,
    /// Open addressing over top-level commands: number plus one, zero for an empty place.
    index: Vec<u16>,
}

impl Registry {
    /// Numbers the rows of `tables`.
    pub fn new(tables: &[&'static [Command]]) -> Self {
        let mut registry = Self { commands: Vec::new(), index: Vec::new() };
        for command in tables.iter().copied().flatten() {
            registry.register(command, None);
        }
        registry.rebuild_index();
        registry
    }

    /// Gives a command another name, or none at all.
    pub fn rename(&mut self, name: &[u8], new_name: &[u8]) -> Result<(), &'static str> {
        let id = self.lookup_name(name).ok_or("No such command in rename-command")?;
        let new_name = str::from_utf8(new_name).ok().filter(|name| name.len() <= NAME_BYTES_MAX);
        let new_name = new_name.ok_or("Target command name is not usable")?;
        if !new_name.is_empty() && self.lookup_name(new_name.as_bytes()).is_some() {
            return Err("Target command name already exists");
        }
        self.commands[usize::from(id.0)].name = new_name.to_ascii_lowercase().into();
        self.rebuild_index();
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.commands.len()
    }

    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    #[inline]
    pub fn get(&self, id: CommandId) -> &Registered {
        &self.commands[usize::from(id.0)]
    }

    #[inline]
    pub fn command(&self, id: CommandId) -> &'static Command {
        self.get(id).command
    }

    pub fn full_name(&self, id: CommandId) -> &str {
        &self.get(id).full_name
    }

    /// The commands clients can reach, without subcommands, in the order of the tables.
    pub fn top_level(&self) -> impl Iterator<Item = (CommandId, &Registered)> {
        self.all().filter(|(_, entry)| entry.parent.is_none() && !entry.name.is_empty())
    }

    /// Every command and subcommand.
    pub fn all(&self) -> impl Iterator<Item = (CommandId, &Registered)> {
        self.commands.iter().enumerate().map(|(id, entry)| (CommandId(id as u16), entry))
    }

    /// The command a request names; for a container with a known subcommand, that one.
    #[inline]
    pub fn lookup(&self, request: &Request<'_>) -> Option<CommandId> {
        let id = self.lookup_name(request.argument(0)?)?;
        if self.get(id).subcommands.is_empty() {
            return Some(id);
        }
        match request.argument(1) {
            Some(name) => self.lookup_subcommand(id, name),
            None => Some(id),
        }
    }

    /// A top-level command by name.
    #[inline]
    pub fn lookup_name(&self, name: &[u8]) -> Option<CommandId> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return None;
        }
        let mask = self.index.len() - 1;
        let mut place = hash(name) as usize & mask;
        loop {
            let id = self.index[place].checked_sub(1)?;
            if self.commands[usize::from(id)].name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(CommandId(id));
            }
            place = (place + 1) & mask;
        }
    }

    pub fn lookup_subcommand(&self, parent: CommandId, name: &[u8]) -> Option<CommandId> {
        self.get(parent)
            .subcommands
            .iter()
            .copied()
            .find(|id| self.get(*id).name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// A command by its full name: `get`, `client|kill`.
    pub fn lookup_full_name(&self, name: &[u8]) -> Option<CommandId> {
        let mut words = name.splitn(2, |byte| *byte == b'|');
        let id = self.lookup_name(words.next()?)?;
        words.next().map_or(Some(id), |subcommand| self.lookup_subcommand(id, subcommand))
    }

    fn register(&mut self, command: &'static Command, parent: Option<CommandId>) -> CommandId {
        let id = CommandId(self.commands.len() as u16);
        let full_name = match parent {
            Some(parent) => format!("{}|{}", self.get(parent).name, command.name),
            None => command.name.to_owned(),
        };
        self.commands.push(Registered {
            command,
            name: command.name.into(),
            full_name: full_name.into(),
            parent,
            subcommands: Vec::new(),
        });
        let subcommands = command.subcommands.iter().map(|sub| self.register(sub, Some(id))).collect();
        self.commands[usize::from(id.0)].subcommands = subcommands;
        id
    }

    fn rebuild_index(&mut self) {
        // At most a quarter full: most lookups end at the first place.
        let size = (self.commands.len() * 4).next_power_of_two().max(16);
        let mut index = vec![0_u16; size];
        for (id, entry) in self.commands.iter().enumerate() {
            if entry.parent.is_some() || entry.name.is_empty() {
                continue;
            }
            let mut place = hash(entry.name.as_bytes()) as usize & (size - 1);
            while index[place] != 0 {
                place = (place + 1) & (size - 1);
            }
            index[place] = id as u16 + 1;
        }
        self.index = index;
    }
}

/// A hash that ignores case: of the length and at most sixteen bytes, the first and the last ones. Names
/// come from our own table, so nobody can make them collide; that they differ is checked by comparing.
#[inline]
fn hash(name: &[u8]) -> u64 {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    let (head, tail) = if let (Some(head), Some(tail)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
    } else if let (Some(head), Some(tail)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (u64::from(u32::from_le_bytes(*head)), u64::from(u32::from_le_bytes(*tail)))
    } else {
        let byte = |index: usize| u64::from(name.get(index).copied().unwrap_or_default());
        (byte(0) | byte(1) << 8, byte(2))
    };
    let mixed = ((head | FOLD) ^ (tail | FOLD).rotate_left(29) ^ name.len() as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

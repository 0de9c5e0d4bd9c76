//! The data set as commands that make it: the base of an append-only file without `aof-use-rdb-preamble`.
//! Large values are made step by step, [`ITEMS_PER_COMMAND`] at a time, as in Redis.

use std::io::{self, Write};

use crate::ds::StrRef;
use crate::keyspace::entry::EntryRef;
use crate::keyspace::{Keyspace, Object};
use crate::resp::push_request;
use crate::types::stream::{Direction, Group, StreamId};
use crate::types::{Hash, SHOW_EXPIRED, Stream};
use crate::util::number::push_f64;

/// The most items that one command adds.
const ITEMS_PER_COMMAND: usize = 64;

/// Writes function libraries and every key of every database, and calls `after_key` with the number of keys
/// written so far behind each. Its error ends the writing. Each command goes out in a single call of `write_all`.
pub fn write_commands<W: Write>(
    output: &mut W,
    keys: &Keyspace,
    mut after_key: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut commands = Commands { output, command: Vec::new() };
    keys.libraries.iter().try_for_each(|text| commands.send(&[b"FUNCTION", b"LOAD", text]))?;
    let mut written = 0;
    for db in 0..keys.databases() {
        if keys.len(db) == 0 {
            continue;
        }
        commands.send(&[b"SELECT", db.to_string().as_bytes()])?;
        for entry in keys.iter_all(db) {
            commands.write_value(entry)?;
            if let Some(at_ms) = entry.expiry_ms() {
                commands.send(&[b"PEXPIREAT", entry.key(), at_ms.to_string().as_bytes()])?;
            }
            written += 1;
            after_key(written)?;
        }
    }
    Ok(())
}

struct Commands<'w, W> {
    output: &'w mut W,
    command: Vec<u8>,
}

impl<W: Write> Commands<'_, W> {
    fn send(&mut self, arguments: &[&[u8]]) -> io::Result<()> {
        self.command.clear();
        push_request(&mut self.command, arguments.iter().copied());
        self.output.write_all(&self.command)
    }

    fn write_value(&mut self, entry: EntryRef<'_>) -> io::Result<()> {
        let key = entry.key();
        if let Some(text) = entry.string() {
            let mut digits = itoa::Buffer::new();
            return self.send(&[b"SET", key, text.text(&mut digits)]);
        }
        match entry.object() {
            Some(Object::List(list)) => {
                // Elements are lent one by one.
                let mut chunk = Chunk::new(self, b"RPUSH", key);
                let mut failed = None;
                list.for_each(|element| {
                    if failed.is_none() {
                        failed = chunk.add(&[element]).err();
                    }
                });
                failed.map_or_else(|| chunk.finish(), Err)
            }
            Some(Object::Set(set)) => {
                let mut chunk = Chunk::new(self, b"SADD", key);
                set.iter().try_for_each(|member| chunk.add(&[member]))?;
                chunk.finish()
            }
            Some(Object::Zset(zset)) => {
                let mut chunk = Chunk::new(self, b"ZADD", key);
                let mut score_text = Vec::new();
                for (member, score) in zset {
                    score_text.clear();
                    push_f64(&mut score_text, score);
                    chunk.add(&[StrRef::Bytes(&score_text), member])?;
                }
                chunk.finish()
            }
            Some(Object::Hash(hash)) => self.write_hash(key, hash),
            Some(Object::Stream(stream)) => self.write_stream(key, stream),
            Some(Object::Text(text)) => self.send(&[b"SET", key, text]),
            None => Ok(()),
        }
    }

    fn write_hash(&mut self, key: &[u8], hash: &Hash) -> io::Result<()> {
        let mut chunk = Chunk::new(self, b"HMSET", key);
        hash.iter(SHOW_EXPIRED).try_for_each(|(field, value)| chunk.add(&[field, value]))?;
        chunk.finish()?;
        if hash.next_expiry_ms().is_none() {
            return Ok(());
        }
        for (field, _, at_ms) in hash.iter_with_expiries() {
            if let Some(at_ms) = at_ms {
                let (at, mut digits) = (at_ms.to_string(), itoa::Buffer::new());
                let field = field.text(&mut digits);
                self.send(&[b"HPEXPIREAT", key, at.as_bytes(), b"FIELDS", b"1", field])?;
            }
        }
        Ok(())
    }

    fn write_stream(&mut self, key: &[u8], stream: &Stream) -> io::Result<()> {
        let log = stream.log();
        for entry in log.range(StreamId::MIN, StreamId::MAX, Direction::Forward) {
            let mut arguments = vec![b"XADD".to_vec(), key.to_vec(), entry.id.to_string().into_bytes()];
            for (field, value) in entry.fields() {
                arguments.push(field.to_vec());
                arguments.push(value.to_vec());
            }
            self.command.clear();
            push_request(&mut self.command, arguments.iter().map(Vec::as_slice));
            self.output.write_all(&self.command)?;
        }
        if log.is_empty() {
            // There is no command for an empty stream.
            self.send(&[b"XADD", key, b"MAXLEN", b"0", b"0-1", b"x", b"y"])?;
        }
        let (last_id, deleted_id) = (log.last_id().to_string(), log.max_deleted_id().to_string());
        let added = log.entries_added().to_string();
        self.send(&[
            b"XSETID",
            key,
            last_id.as_bytes(),
            b"ENTRIESADDED",
            added.as_bytes(),
            b"MAXDELETEDID",
            deleted_id.as_bytes(),
        ])?;
        stream.groups().try_for_each(|(name, group)| self.write_group(key, name, group))
    }

    fn write_group(&mut self, key: &[u8], name: &[u8], group: &Group) -> io::Result<()> {
        let last_id = group.last_delivered().to_string();
        // What no argument can say is unknown.
        let read = group.entries_read().and_then(|read| i64::try_from(read).ok()).unwrap_or(-1).to_string();
        let (last_id, read) = (last_id.as_bytes(), read.as_bytes());
        self.send(&[b"XGROUP", b"CREATE", key, name, last_id, b"ENTRIESREAD", read])?;
        for (_, consumer) in group.consumers() {
            if consumer.pending_len() == 0 {
                self.send(&[b"XGROUP", b"CREATECONSUMER", key, name, consumer.name()])?;
            }
            for id in consumer.pending_from(StreamId::MIN) {
                let Some(pending) = group.pending(id) else { continue };
                let (id, at_ms) = (id.to_string(), pending.delivered_ms.to_string());
                let deliveries = pending.deliveries.to_string();
                self.send(&[
                    b"XCLAIM",
                    key,
                    name,
                    consumer.name(),
                    b"0",
                    id.as_bytes(),
                    b"TIME",
                    at_ms.as_bytes(),
                    b"RETRYCOUNT",
                    deliveries.as_bytes(),
                    b"JUSTID",
                    b"FORCE",
                ])?;
            }
        }
        Ok(())
    }
}

/// A command that grows item by item, and goes out when it has enough.
struct Chunk<'c, 'w, W> {
    commands: &'c mut Commands<'w, W>,
    name: &'static [u8],
    key: &'c [u8],
    /// The arguments behind the key, encoded.
    arguments: Vec<u8>,
    count: usize,
    items: usize,
}

impl<'c, 'w, W: Write> Chunk<'c, 'w, W> {
    fn new(commands: &'c mut Commands<'w, W>, name: &'static [u8], key: &'c [u8]) -> Self {
        Self { commands, name, key, arguments: Vec::new(), count: 0, items: 0 }
    }

    fn add(&mut self, item: &[StrRef<'_>]) -> io::Result<()> {
        for argument in item {
            argument.with_text(|text| {
                self.arguments.extend_from_slice(format!("${}\r\n", text.len()).as_bytes());
                self.arguments.extend_from_slice(text);
                self.arguments.extend_from_slice(b"\r\n");
            });
        }
        self.count += item.len();
        self.items += 1;
        if self.items < ITEMS_PER_COMMAND { Ok(()) } else { self.finish() }
    }

    /// Sends what there is.
    fn finish(&mut self) -> io::Result<()> {
        if self.items == 0 {
            return Ok(());
        }
        let command = &mut self.commands.command;
        command.clear();
        push_request(command, [self.name, self.key].into_iter());
        // Of the two arguments that it counts, the head has only the first line to change.
        let head = format!("*{}\r\n", self.count + 2);
        command.splice(..b"*2\r\n".len(), head.into_bytes());
        command.append(&mut self.arguments);
        (self.count, self.items) = (0, 0);
        self.commands.output.write_all(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::{Expiry, NewString};
    use crate::types::{Set, SetLimits};

    fn lines(keys: &Keyspace) -> Vec<String> {
        let mut output = Vec::new();
        write_commands(&mut output, keys, |_| Ok(())).unwrap();
        let text = String::from_utf8(output).unwrap();
        let commands = text.split('*').skip(1);
        commands
            .map(|command| command.split("\r\n").skip(2).step_by(2).collect::<Vec<_>>().join(" "))
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    #[test]
    fn a_key_is_a_command_and_its_expiry_another() {
        let mut keys = Keyspace::new(3, (1, 2));
        keys.begin(2, 0, true);
        drop(keys.set_string(b"k", NewString::Int(-5), Expiry::At(17)));
        assert_eq!(lines(&keys), ["SELECT 2", "SET k -5", "PEXPIREAT k 17"]);
    }

    #[test]
    fn large_values_come_in_pieces() {
        let mut keys = Keyspace::new(1, (1, 2));
        keys.begin(0, 0, true);
        let limits =
            SetLimits { intset_entries_max: 512, listpack_entries_max: 128, listpack_value_bytes_max: 64 };
        let mut set = Set::new();
        for member in 0..130 {
            set.insert(StrRef::Int(member), &limits);
        }
        drop(keys.set_object(b"s", set));
        let lines = lines(&keys);
        let members: Vec<usize> = lines[1..].iter().map(|line| line.split(' ').count() - 2).collect();
        assert_eq!(members, [64, 64, 2]);
        assert!(lines[1].starts_with("SADD s 0 1 2 "), "{}", lines[1]);
    }
}

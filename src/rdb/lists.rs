//! Lists: nodes of several elements, or elements one by one.

use std::io::{self, Read, Write};

use super::LoadError;
use super::body::Body;
use super::format::{LISTPACKS_SINCE_VERSION, ValueType};
use super::output::Output;
use super::packed::{Packing, take_listpack};
use super::value::ValueWriter;
use crate::ds::StrRef;
use crate::ds::listpack::{ListPack, ListPackRef};
use crate::util::lzf;

/// Forms of a node of `ListQuicklist2`.
const PLAIN: u64 = 1;
const PACKED: u64 = 2;

/// A node of a list to be written.
#[derive(Debug, Clone, Copy)]
pub enum ListNode<'a> {
    Packed(ListPackRef<'a>),
    /// A listpack of so many bytes as an LZF stream.
    Compressed {
        stream: &'a [u8],
        pack_bytes: usize,
    },
    /// One element that is a node of its own.
    Plain(&'a [u8]),
}

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a list by its nodes, of which there are so many.
    pub fn list<'n>(self, len: usize, nodes: impl Iterator<Item = ListNode<'n>>) -> io::Result<()> {
        if self.version < LISTPACKS_SINCE_VERSION {
            return self.list_of_ziplists(len, nodes);
        }
        let output = self.begin(ValueType::ListQuicklist2)?;
        output.put_len(len as u64)?;
        for node in nodes {
            match node {
                ListNode::Packed(pack) => {
                    output.put_len(PACKED)?;
                    output.put_string(pack.as_bytes())?;
                }
                ListNode::Compressed { stream, pack_bytes } => {
                    output.put_len(PACKED)?;
                    output.put_lzf(stream, pack_bytes)?;
                }
                ListNode::Plain(element) => {
                    output.put_len(PLAIN)?;
                    output.put_string(element)?;
                }
            }
        }
        Ok(())
    }

    fn list_of_ziplists<'n>(self, len: usize, nodes: impl Iterator<Item = ListNode<'n>>) -> io::Result<()> {
        let output = self.begin(ValueType::ListQuicklist)?;
        output.put_len(len as u64)?;
        let mut unpacked = Vec::new();
        for node in nodes {
            match node {
                ListNode::Packed(pack) => put_ziplist(output, pack)?,
                ListNode::Compressed { stream, pack_bytes } => {
                    unpacked.clear();
                    lzf::decompress(stream, pack_bytes, &mut unpacked).map_err(io::Error::other)?;
                    let pack = ListPackRef::validate(&unpacked).map_err(io::Error::other)?;
                    put_ziplist(output, pack)?;
                }
                ListNode::Plain(element) => {
                    output.put_packed(Packing::Ziplist, |ziplist| ziplist.push(StrRef::of(element)))?;
                }
            }
        }
        Ok(())
    }
}

fn put_ziplist<W: Write>(output: &mut Output<W>, pack: ListPackRef<'_>) -> io::Result<()> {
    output.put_packed(Packing::Ziplist, |ziplist| pack.iter().for_each(|element| ziplist.push(element)))
}

/// A part of a list that has been read.
#[derive(Debug)]
pub enum ListPart<'a> {
    /// Several elements, or none.
    Node(ListPack),
    /// An element that is a node of its own.
    Plain(Vec<u8>),
    /// The next element.
    Element(StrRef<'a>),
}

/// Reads a list part by part.
pub struct ListReader<'r, R> {
    body: &'r mut Body<R>,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Elements,
    Ziplists,
    Nodes,
    /// A ziplist that is all there is; whether it has been read.
    Ziplist {
        is_read: bool,
    },
}

impl<'r, R: Read> ListReader<'r, R> {
    pub(super) fn begin(value_type: ValueType, body: &'r mut Body<R>) -> Result<Self, LoadError> {
        if value_type != ValueType::ListZiplist {
            body.begin_records(value_type)?;
        }
        Ok(Self::resume(value_type, body))
    }

    pub(super) fn resume(value_type: ValueType, body: &'r mut Body<R>) -> Self {
        let form = match value_type {
            ValueType::ListZiplist => Form::Ziplist { is_read: false },
            ValueType::ListQuicklist => Form::Ziplists,
            ValueType::ListQuicklist2 => Form::Nodes,
            _ => Form::Elements,
        };
        Self { body, form }
    }

    /// The next part; `None` behind the last.
    pub fn next_part(&mut self) -> Result<Option<ListPart<'_>>, LoadError> {
        if let Form::Ziplist { is_read } = &mut self.form {
            let was_read = std::mem::replace(is_read, true);
            let node = (!was_read).then(|| take_listpack(self.body, Packing::Ziplist, "List ziplist"));
            return Ok(node.transpose()?.map(ListPart::Node));
        }
        if !self.body.next_record() {
            return Ok(None);
        }
        let body = &mut *self.body;
        Ok(Some(match self.form {
            Form::Elements => ListPart::Element(body.input.take_str(&mut body.first)?),
            Form::Nodes => {
                let offset = body.input.offset();
                let corrupt = |what| LoadError::Integrity { offset, kind: "Quicklist", what };
                match body.input.take_len()? {
                    PACKED => ListPart::Node(take_listpack(body, Packing::Listpack, "Listpack")?),
                    PLAIN => match body.input.take_owned_string()? {
                        element if element.is_empty() => return Err(corrupt("a node without bytes")),
                        element => ListPart::Plain(element),
                    },
                    _ => return Err(corrupt("unknown form of a node")),
                }
            }
            Form::Ziplists | Form::Ziplist { .. } => {
                ListPart::Node(take_listpack(body, Packing::Ziplist, "Ziplist")?)
            }
        }))
    }
}

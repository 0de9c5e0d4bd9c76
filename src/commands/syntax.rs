//! The notation in which a command's arguments are documented, and its parser.
//!
//! One line per command, close to what a manual page shows, carries everything that the
//! `arguments` tree of COMMAND DOCS says:
//!
//! | Notation | Meaning |
//! |---|---|
//! | `member` | a string argument |
//! | `key`, `pattern` | arguments of the kind they are called, `key` in the first key specification |
//! | `seconds:integer` | an argument of another kind |
//! | `newkey:key#1` | belongs to the second key specification |
//! | `addr{ip:port}` | shown to people as `ip:port` |
//! | `GET` | the word itself, named `get` |
//! | `sorting=ALPHA` | the word itself under another name |
//! | `nothing=''` | as above, for a word that is not made of letters |
//! | `EX seconds:integer` | an argument that follows a word |
//! | `condition:(NX\|XX)` | one of several |
//! | `data:(key value)` | several together |
//! | `[x]` | optional |
//! | `x ...` | once or more |
//! | `[GET x]...` | any number of times, each with its word |
//! | `x@6.2.0`, `[x]@6.2.0` | known since that version |
//! | `x~2.8.12` | out of use since that version |
//!
//! It does not know which commands exist.

use std::borrow::Cow;

use bitflags::bitflags;
use thiserror::Error;

/// One argument, or a group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument<'a> {
    pub name: Cow<'a, str>,
    pub kind: ArgumentKind,
    /// The word that announces the argument, or that it consists of.
    pub token: Option<&'a str>,
    pub flags: ArgumentFlags,
    /// The version of Redis that introduced it, if the command is older.
    pub since: Option<&'a str>,
    pub deprecated_since: Option<&'a str>,
    /// Which key specification of the command finds this argument.
    pub key_spec_index: Option<u8>,
    /// Members of a group.
    pub arguments: Vec<Self>,
    display: Option<&'a str>,
}

impl Argument<'_> {
    /// What to show to people; groups have nothing to show.
    pub fn display_text(&self) -> Option<&str> {
        match self.kind {
            ArgumentKind::OneOf | ArgumentKind::Block => None,
            _ => Some(self.display.unwrap_or(&self.name)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    /// A fixed word.
    PureToken,
    OneOf,
    Block,
}

impl ArgumentKind {
    const ALL: [Self; 9] = [
        Self::String,
        Self::Integer,
        Self::Double,
        Self::Key,
        Self::Pattern,
        Self::UnixTime,
        Self::PureToken,
        Self::OneOf,
        Self::Block,
    ];

    /// The `type` of COMMAND DOCS.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Double => "double",
            Self::Key => "key",
            Self::Pattern => "pattern",
            Self::UnixTime => "unix-time",
            Self::PureToken => "pure-token",
            Self::OneOf => "oneof",
            Self::Block => "block",
        }
    }

    /// The kind of an argument that does not state one.
    fn implied_by(name: &str) -> Self {
        match name {
            "key" => Self::Key,
            "pattern" => Self::Pattern,
            _ => Self::String,
        }
    }
}

bitflags! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ArgumentFlags: u8 {
        const OPTIONAL = 1;
        const MULTIPLE = 1 << 1;
        /// The word is repeated with each repetition.
        const MULTIPLE_TOKEN = 1 << 2;
    }
}

impl ArgumentFlags {
    /// The `flags` of COMMAND DOCS, in Redis's order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (Self::OPTIONAL, "optional"),
            (Self::MULTIPLE, "multiple"),
            (Self::MULTIPLE_TOKEN, "multiple_token"),
        ];
        all.into_iter().filter(move |&(flag, _)| self.contains(flag)).map(|(_, name)| name)
    }
}

/// A line that is not in the notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected {expected} at byte {at}")]
pub struct SyntaxError {
    pub at: usize,
    pub expected: &'static str,
}

/// The arguments a line describes.
pub fn parse(line: &str) -> Result<Vec<Argument<'_>>, SyntaxError> {
    let mut parser = Parser { line, at: 0 };
    let arguments = parser.sequence()?;
    if parser.at < line.len() {
        return Err(parser.error("an argument"));
    }
    Ok(arguments)
}

struct Parser<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// Arguments up to the end of the group or line.
    fn sequence(&mut self) -> Result<Vec<Argument<'a>>, SyntaxError> {
        let mut arguments = Vec::new();
        self.skip_spaces();
        while !matches!(self.peek(), None | Some(b')' | b']' | b'|')) {
            arguments.push(self.item()?);
            self.skip_spaces();
        }
        Ok(arguments)
    }

    /// `[...]` or an argument, with or without an ellipsis.
    fn item(&mut self) -> Result<Argument<'a>, SyntaxError> {
        self.skip_spaces();
        if self.eat("[") {
            let mut argument = self.item()?;
            self.expect("]", "']'")?;
            argument.flags |= ArgumentFlags::OPTIONAL;
            if self.eat("...") {
                argument.flags |= ArgumentFlags::MULTIPLE | ArgumentFlags::MULTIPLE_TOKEN;
            }
            self.versions(&mut argument)?;
            return Ok(argument);
        }
        let mut argument = self.argument()?;
        self.versions(&mut argument)?;
        self.skip_spaces();
        if self.eat("...") {
            argument.flags |= ArgumentFlags::MULTIPLE;
        }
        self.skip_spaces();
        Ok(argument)
    }

    /// `@` and `~` with their versions.
    fn versions(&mut self, argument: &mut Argument<'a>) -> Result<(), SyntaxError> {
        if self.eat("@") {
            argument.since = Some(self.version()?);
        }
        if self.eat("~") {
            argument.deprecated_since = Some(self.version()?);
        }
        Ok(())
    }

    fn version(&mut self) -> Result<&'a str, SyntaxError> {
        let version = self.take_while(|symbol| symbol.is_ascii_digit() || symbol == '.');
        if version.is_empty() { Err(self.error("a version")) } else { Ok(version) }
    }

    fn argument(&mut self) -> Result<Argument<'a>, SyntaxError> {
        let Some(token) = self.token()? else {
            let name = self.word()?;
            return if self.eat("=") {
                let token = self.token()?.ok_or_else(|| self.error("a word in capitals"))?;
                Ok(pure_token(Cow::Borrowed(name), token))
            } else {
                self.named(name)
            };
        };
        self.skip_spaces();
        if !self.at_announced_argument() {
            return Ok(pure_token(Cow::Owned(token.to_ascii_lowercase()), token));
        }
        let name = self.word()?;
        Ok(Argument { token: Some(token), ..self.named(name)? })
    }

    /// What may follow a name: kind or group, key specification, text for people.
    fn named(&mut self, name: &'a str) -> Result<Argument<'a>, SyntaxError> {
        let mut argument = Argument {
            name: Cow::Borrowed(name),
            kind: ArgumentKind::implied_by(name),
            token: None,
            flags: ArgumentFlags::empty(),
            since: None,
            deprecated_since: None,
            key_spec_index: None,
            arguments: Vec::new(),
            display: None,
        };
        if self.eat(":") {
            if self.eat("(") {
                (argument.kind, argument.arguments) = self.group()?;
                return Ok(argument);
            }
            argument.kind = self.kind()?;
        }
        if self.eat("#") {
            let digit = self.peek().filter(u8::is_ascii_digit).ok_or_else(|| self.error("a digit"))?;
            self.at += 1;
            argument.key_spec_index = Some(digit - b'0');
        } else if argument.kind == ArgumentKind::Key {
            argument.key_spec_index = Some(0);
        }
        if self.eat("{") {
            let end = self.rest().find('}').ok_or_else(|| self.error("'}'"))?;
            argument.display = Some(&self.rest()[..end]);
            self.at += end + 1;
        }
        Ok(argument)
    }

    /// The members of a group after its parenthesis. Alternatives are single arguments.
    fn group(&mut self) -> Result<(ArgumentKind, Vec<Argument<'a>>), SyntaxError> {
        let mut members = self.sequence()?;
        let mut kind = ArgumentKind::Block;
        if self.peek() == Some(b'|') && members.len() != 1 {
            return Err(self.error("one argument per alternative"));
        }
        while self.eat("|") {
            kind = ArgumentKind::OneOf;
            members.push(self.item()?);
            self.skip_spaces();
        }
        self.expect(")", "')'")?;
        Ok((kind, members))
    }

    fn kind(&mut self) -> Result<ArgumentKind, SyntaxError> {
        let at = self.at;
        let name = self.word()?;
        let kind = ArgumentKind::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or(SyntaxError { at, expected: "a kind of argument" })
    }

    /// A fixed word, if one stands here: quoted or in capitals.
    fn token(&mut self) -> Result<Option<&'a str>, SyntaxError> {
        if self.eat("'") {
            let end = self.rest().find('\'').ok_or_else(|| self.error("a closing quote"))?;
            let token = &self.rest()[..end];
            self.at += end + 1;
            return Ok(Some(token));
        }
        if self.peek().is_some_and(|byte| byte.is_ascii_uppercase()) {
            return self.word().map(Some);
        }
        Ok(None)
    }

    /// Whether a named argument follows, which then belongs to the word before it.
    fn at_announced_argument(&self) -> bool {
        let rest = self.rest();
        let after_name = rest.trim_start_matches(is_word_char);
        rest.starts_with(|first: char| first.is_ascii_lowercase()) && !after_name.starts_with('=')
    }

    fn word(&mut self) -> Result<&'a str, SyntaxError> {
        let word = self.take_while(is_word_char);
        if word.is_empty() { Err(self.error("a name")) } else { Ok(word) }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.len() - rest.trim_start_matches(belongs).len()];
        self.at += taken.len();
        taken
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        self.at = self.line.len() - self.rest().trim_start_matches(' ').len();
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &str, expected: &'static str) -> Result<(), SyntaxError> {
        if self.eat(text) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn error(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { at: self.at, expected }
    }
}

fn is_word_char(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || matches!(symbol, '-' | '_')
}

fn pure_token<'a>(name: Cow<'a, str>, token: &'a str) -> Argument<'a> {
    Argument {
        name,
        kind: ArgumentKind::PureToken,
        token: Some(token),
        flags: ArgumentFlags::empty(),
        since: None,
        deprecated_since: None,
        key_spec_index: None,
        arguments: Vec::new(),
        display: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name/kind` with token, flags, key specification and members, where there are any.
    fn outline(arguments: &[Argument<'_>]) -> String {
        let outlines: Vec<String> = arguments.iter().map(outline_one).collect();
        outlines.join(", ")
    }

    fn outline_one(argument: &Argument<'_>) -> String {
        let mut parts = vec![format!("{}/{}", argument.name, argument.kind.name())];
        parts.extend(argument.token.map(|token| format!("token={token}")));
        parts.extend(argument.flags.names().map(str::to_owned));
        parts.extend(argument.since.map(|version| format!("since={version}")));
        parts.extend(argument.deprecated_since.map(|version| format!("deprecated={version}")));
        parts.extend(argument.key_spec_index.map(|index| format!("#{index}")));
        parts.extend(argument.display.map(|display| format!("shown={display}")));
        if !argument.arguments.is_empty() {
            parts.push(format!("<{}>", outline(&argument.arguments)));
        }
        parts.join(" ")
    }

    fn parsed(line: &str) -> String {
        outline(&parse(line).unwrap())
    }

    #[test]
    fn names_have_kinds() {
        assert_eq!(parsed(""), "");
        assert_eq!(parsed("key value"), "key/key #0, value/string");
        assert_eq!(parsed("s:double t:unix-time"), "s/double, t/unix-time");
        assert_eq!(parsed("newkey:key#1 by:pattern#2{p q}"), "newkey/key #1, by/pattern #2 shown=p q");
    }

    #[test]
    fn words_announce_what_follows_or_stand_alone() {
        assert_eq!(parsed("EX seconds:integer"), "seconds/integer token=EX");
        assert_eq!(parsed("[GET] [AT t]"), "get/pure-token token=GET optional, t/string token=AT optional");
        assert_eq!(parsed("NO ONE"), "no/pure-token token=NO, one/pure-token token=ONE");
        assert_eq!(parsed("sorting=ALPHA x"), "sorting/pure-token token=ALPHA, x/string");
        assert_eq!(parsed("A b=B"), "a/pure-token token=A, b/pure-token token=B");
        assert_eq!(parsed("LIB-VER libver"), "libver/string token=LIB-VER");
        assert_eq!(parsed("empty='' b"), "empty/pure-token token=, b/string");
    }

    #[test]
    fn groups_nest() {
        assert_eq!(
            parsed("[c:(NX | XX)]"),
            "c/oneof optional <nx/pure-token token=NX, xx/pure-token token=XX>"
        );
        assert_eq!(
            parsed("LIMIT l:(a b:integer) t:(X y|z:(V w))"),
            "l/block token=LIMIT <a/string, b/integer>, \
             t/oneof <y/string token=X, z/block <w/string token=V>>"
        );
    }

    #[test]
    fn ellipses_repeat() {
        assert_eq!(parsed("key ..."), "key/key multiple #0");
        assert_eq!(parsed("[ID id ...]"), "id/string token=ID optional multiple");
        assert_eq!(parsed("[GET p]..."), "p/string token=GET optional multiple multiple_token");
        assert_eq!(parsed("d:(key value) ..."), "d/block multiple <key/key #0, value/string>");
    }

    #[test]
    fn arguments_and_options_have_versions() {
        assert_eq!(parsed("[x]@6.2.0 y"), "x/string optional since=6.2.0, y/string");
        assert_eq!(parsed("[ID id ...]@7.0.0"), "id/string token=ID optional multiple since=7.0.0");
        assert_eq!(
            parsed("f:(A@1.0.0|b{c}@2.0.0~3.0.0|t:(D|E)@4.0.0)"),
            "f/oneof <a/pure-token token=A since=1.0.0, b/string since=2.0.0 deprecated=3.0.0 shown=c, \
             t/oneof since=4.0.0 <d/pure-token token=D, e/pure-token token=E>>"
        );
    }

    #[test]
    fn mistakes_are_reported_where_they_are() {
        let error = |line| parse(line).map(|arguments| outline(&arguments)).unwrap_err();
        assert_eq!(error("key:word"), SyntaxError { at: 4, expected: "a kind of argument" });
        assert_eq!(error("[key"), SyntaxError { at: 4, expected: "']'" });
        assert_eq!(error("key]"), SyntaxError { at: 3, expected: "an argument" });
        assert_eq!(error("a:(B|c"), SyntaxError { at: 6, expected: "')'" });
        assert_eq!(error("a:(b c|d)"), SyntaxError { at: 6, expected: "one argument per alternative" });
        assert_eq!(error("k:key#x"), SyntaxError { at: 6, expected: "a digit" });
        assert_eq!(error("'x"), SyntaxError { at: 1, expected: "a closing quote" });
        assert_eq!(error("a{x"), SyntaxError { at: 2, expected: "'}'" });
        assert_eq!(error("a=b"), SyntaxError { at: 2, expected: "a word in capitals" });
        assert_eq!(error("a@b"), SyntaxError { at: 2, expected: "a version" });
        assert_eq!(error("?"), SyntaxError { at: 0, expected: "a name" });
    }
}

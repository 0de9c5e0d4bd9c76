//! The lines of INFO: titles, fields, and the forms in which numbers are shown.

use std::fmt::{Display, Write};

use crate::util::text::human_bytes;

/// The text of a reply as it grows.
#[derive(Debug, Default)]
pub struct Lines {
    text: String,
}

impl Lines {
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Begins a section; sections are apart by an empty line.
    pub fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        self.write(format_args!("# {title}\r\n"));
    }

    pub fn field(&mut self, name: &str, value: impl Display) {
        self.write(format_args!("{name}:{value}\r\n"));
    }

    /// Fields that all have the same value: features that are not there, as a rule.
    pub fn fields(&mut self, names: &[&str], value: impl Display) {
        for name in names {
            self.field(name, &value);
        }
    }

    /// A switch, as 0 or 1.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.field(name, u8::from(value));
    }

    /// A number of bytes, and the same for humans under `name_human`.
    pub fn bytes(&mut self, name: &str, bytes: usize) {
        self.field(name, bytes);
        self.human(name, bytes);
    }

    /// A number of bytes for humans alone.
    pub fn human(&mut self, name: &str, bytes: usize) {
        self.write(format_args!("{name}_human:{}\r\n", human_bytes(bytes as u64)));
    }

    /// A number with two decimals.
    pub fn decimal(&mut self, name: &str, value: f64) {
        self.write(format_args!("{name}:{value:.2}\r\n"));
    }

    /// A percentage with its sign.
    pub fn percent(&mut self, name: &str, value: f64) {
        self.write(format_args!("{name}:{value:.2}%\r\n"));
    }

    /// A time in seconds with all its microseconds.
    pub fn seconds(&mut self, name: &str, us: u64) {
        self.write(format_args!("{name}:{}.{:06}\r\n", us / 1_000_000, us % 1_000_000));
    }

    /// `ok` or `err`.
    pub fn status(&mut self, name: &str, is_ok: bool) {
        self.field(name, if is_ok { "ok" } else { "err" });
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a String takes any text");
    }
}

/// A name that clients can influence, without the characters that have a meaning in INFO.
pub fn safe_name(name: &str) -> String {
    name.replace(['#', ':', '\n', '\r'], "_")
}

/// `part` of `whole` in percent; 0 of nothing.
pub fn percentage(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_apart_by_an_empty_line() {
        let mut lines = Lines::default();
        lines.title("One");
        lines.bytes("size", 2048);
        lines.title("Two");
        lines.seconds("time", 1_000_002);
        lines.fields(&["a", "b"], 0);
        let expected =
            "# One\r\nsize:2048\r\nsize_human:2.00K\r\n\r\n# Two\r\ntime:1.000002\r\na:0\r\nb:0\r\n";
        assert_eq!(std::str::from_utf8(lines.as_bytes()), Ok(expected));
    }

    #[test]
    fn a_name_cannot_forge_a_field() {
        assert_eq!(safe_name("a:1\r\n#b"), "a_1___b");
    }
}

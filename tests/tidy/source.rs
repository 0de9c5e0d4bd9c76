//! A source file as the rules see it: code without strings and comments, literals, comments, and
//! where its unit tests begin. A scanner, not a parser: enough for code that compiles.

use std::fs;
use std::path::Path;

pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub text: String,
    /// The lines, with the contents of strings and comments blanked.
    pub code: Vec<String>,
    /// What each line has of comments.
    pub comments: Vec<String>,
    pub literals: Vec<Literal>,
}

/// A string or byte string, as written between its quotes.
pub struct Literal {
    /// Counted from 1, as editors do.
    pub line: usize,
    pub text: String,
}

/// All `.rs` files below these directories, and the files beside them of the same name.
pub fn sources(directories: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for directory in directories {
        collect(root, &root.join(directory), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no sources below {directories:?}");
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).expect("the directory is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is UTF-8 text");
            let path = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            found.push(Source::new(path, text));
        }
    }
}

impl Source {
    pub fn new(path: String, text: String) -> Self {
        let mut scanner = Scanner::new(&text);
        scanner.run();
        let (code, comments, literals) = scanner.finish();
        Self { path, text, code, comments, literals }
    }

    /// Whether the whole file is compiled for tests alone.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Lines up to the unit tests at the foot.
    pub fn lines_without_tests(&self) -> usize {
        let foot = self.code.iter().enumerate().position(|(index, line)| {
            line.trim() == "#[cfg(test)]"
                && self
                    .code
                    .get(index + 1)
                    .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
        });
        foot.unwrap_or(self.code.len())
    }

    pub fn literals_without_tests(&self) -> impl Iterator<Item = &Literal> {
        let end = self.lines_without_tests();
        self.literals.iter().filter(move |literal| literal.line <= end)
    }

    /// Functions before the unit tests, each with its lines from signature to closing brace.
    pub fn functions(&self) -> Vec<(String, usize)> {
        let code = &self.code[..self.lines_without_tests()];
        let mut found = Vec::new();
        for (index, line) in code.iter().enumerate() {
            let Some(at) = word_position(line, "fn") else { continue };
            let rest = line[at + 2..].trim_start();
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.is_empty() {
                continue; // A function type, `fn(u8)`.
            }
            if let Some(end) = end_of_body(code, index) {
                found.push((name, end - index + 1));
            }
        }
        found
    }

    /// Attributes `#[name(...)]` and `#![name(...)]`: line and text to the closing parenthesis.
    pub fn attributes(&self, name: &str) -> Vec<(usize, String)> {
        let code = self.code.join("\n");
        let mut found = Vec::new();
        for start in [format!("#[{name}("), format!("#![{name}(")] {
            for (at, _) in code.match_indices(&start) {
                let line = code[..at].matches('\n').count() + 1;
                let text = code[at..].split_inclusive(")]").next().unwrap_or_default();
                found.push((line, text.to_owned()));
            }
        }
        found
    }

    /// The items at the top level, without their attributes: line and text.
    pub fn items(&self) -> Vec<(usize, String)> {
        let mut items = Vec::new();
        let (mut depth, mut item, mut first_line) = (0_i32, String::new(), 0);
        for (index, line) in self.code.iter().enumerate() {
            if item.is_empty() && (line.trim().is_empty() || line.trim_start().starts_with('#')) {
                continue;
            }
            if item.is_empty() {
                first_line = index + 1;
            }
            item.push_str(line);
            item.push('\n');
            depth += brackets(line);
            let ends = line.trim_end().ends_with([';', '}']);
            if depth == 0 && ends {
                items.push((first_line, std::mem::take(&mut item)));
            }
        }
        items
    }

    /// Lines, counted from 1, whose code has this word.
    pub fn lines_with_word(&self, word: &str) -> Vec<usize> {
        let has_word = |line: &&(usize, &String)| word_position(line.1, word).is_some();
        let lines: Vec<(usize, &String)> = self.code.iter().enumerate().collect();
        lines.iter().filter(has_word).map(|(index, _)| index + 1).collect()
    }
}

fn word_position(line: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).map(|(at, _)| at).find(|at| {
        !line[..*at].chars().next_back().is_some_and(is_part)
            && !line[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

fn brackets(line: &str) -> i32 {
    line.chars().map(|c| i32::from("([{".contains(c)) - i32::from(")]}".contains(c))).sum()
}

/// The line of the brace that closes the body of the function at `start`; `None` without a body.
fn end_of_body(code: &[String], start: usize) -> Option<usize> {
    let (mut depth, mut parentheses) = (0_i32, 0_i32);
    for (index, line) in code.iter().enumerate().skip(start) {
        for c in line.chars() {
            match c {
                '(' | '[' => parentheses += 1,
                ')' | ']' => parentheses -= 1,
                ';' if depth == 0 && parentheses == 0 => return None,
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(index);
                    }
                }
                _ => {}
            }
        }
    }
    None
}

/// Tells code, comments and literals apart, character by character.
struct Scanner {
    characters: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    comments: String,
    literals: Vec<Literal>,
}

impl Scanner {
    fn new(text: &str) -> Self {
        let characters = text.chars().collect();
        Self {
            characters,
            at: 0,
            line: 1,
            code: String::new(),
            comments: String::new(),
            literals: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match c {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                'r' if self.starts_raw_string() => self.raw_string(),
                '\'' => self.character_or_lifetime(),
                _ => self.take_code(),
            }
        }
    }

    fn finish(self) -> (Vec<String>, Vec<String>, Vec<Literal>) {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        (lines(&self.code), lines(&self.comments), self.literals)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    /// Takes a character; ends of lines go to both texts, so that lines keep their numbers.
    fn take(&mut self, in_code: bool, in_comments: bool) {
        if let Some(c) = self.peek(0) {
            let is_end = c == '\n';
            self.line += usize::from(is_end);
            self.code.push(if in_code || is_end { c } else { ' ' });
            self.comments.push(if in_comments || is_end { c } else { ' ' });
        }
        self.at += 1;
    }

    fn take_code(&mut self) {
        self.take(true, false);
    }

    fn take_comment(&mut self) {
        self.take(false, true);
    }

    /// Takes a character of a literal.
    fn take_blank(&mut self) {
        self.take(false, false);
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.take_comment();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.take_comment();
                    continue;
                }
            }
            self.take_comment();
            self.take_comment();
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        self.take_code();
        let mut text = String::new();
        while let Some(c) = self.peek(0).filter(|c| *c != '"') {
            text.push(c);
            self.take_blank();
            if c == '\\' {
                text.extend(self.peek(0));
                self.take_blank();
            }
        }
        self.take_code();
        self.literals.push(Literal { line, text });
    }

    /// `r"` or `r#"`, not an identifier that ends in r nor a raw identifier.
    fn starts_raw_string(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.characters.get(at));
        let continues = before.is_some_and(|c| c.is_alphanumeric() && *c != 'b' || *c == '_');
        let hashes = self.characters[self.at + 1..].iter().take_while(|c| **c == '#').count();
        !continues && self.peek(1 + hashes) == Some('"')
    }

    fn raw_string(&mut self) {
        let line = self.line;
        self.take_code();
        let mut hashes = 0;
        while self.peek(0) == Some('#') {
            hashes += 1;
            self.take_code();
        }
        self.take_code();
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            if c == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                break;
            }
            text.push(c);
            self.take_blank();
        }
        for _ in 0..=hashes {
            self.take_code();
        }
        self.literals.push(Literal { line, text });
    }

    fn character_or_lifetime(&mut self) {
        let is_character = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        self.take_code();
        if !is_character {
            return;
        }
        while let Some(c) = self.peek(0).filter(|c| *c != '\'') {
            self.take_blank();
            if c == '\\' {
                self.take_blank();
            }
        }
        self.take_code();
    }
}

#[test]
fn strings_and_comments_are_not_code() {
    let text =
        "let a = \"unsafe \\\" {\"; // unsafe\nlet b = r#\"\"{\"#; let c = '{'; /* { /* { */ */ d::<'a>\n";
    let source = Source::new("a.rs".to_owned(), text.to_owned());
    assert_eq!(source.code.len(), 2);
    assert!(source.lines_with_word("unsafe").is_empty());
    assert_eq!(source.code.iter().map(|line| brackets(line)).sum::<i32>(), 0);
    assert!(source.code[1].ends_with("d::<'a>"));
    assert_eq!(source.comments[0].trim(), "// unsafe");
    let literals: Vec<&str> = source.literals.iter().map(|literal| literal.text.as_str()).collect();
    assert_eq!(literals, ["unsafe \\\" {", "\"{"]);
}

#[test]
fn functions_are_measured_from_signature_to_brace() {
    let text =
        "fn a(\n    b: [u8; 2],\n) -> u8 {\n    { 1 }\n}\ntrait T {\n    fn c();\n}\ntype F = fn(u8);\n";
    let source = Source::new("a.rs".to_owned(), text.to_owned());
    assert_eq!(source.functions(), [("a".to_owned(), 5)]);
}

//! A server under test, and clients that speak the protocol by hand.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long a reply or a start may take before the test fails; never what a test measures.
const PATIENCE: Duration = Duration::from_secs(20);

/// A user, and a group, that owns nothing.
const NOBODY: u32 = 65_534;

/// A `russet-server` process with a directory of its own, killed when dropped. Its log is printed if
/// the test fails.
pub struct Server {
    process: Child,
    directory: TempDir,
    pub port: u16,
    program: String,
    arguments: Vec<String>,
}

impl Server {
    /// Starts a server with default settings.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with more arguments, e.g. `["--maxmemory", "10mb"]`.
    pub fn with(arguments: &[&str]) -> Self {
        Self::in_directory(TempDir::new().unwrap(), arguments)
    }

    /// Starts a server in a directory that another one has left.
    pub fn in_directory(directory: TempDir, arguments: &[&str]) -> Self {
        Self::launch(env!("CARGO_BIN_EXE_russet-server"), directory, arguments)
    }

    /// Starts a server that permissions of files mean something to, also if the tests are run by root.
    pub fn unprivileged(arguments: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let program = directory.path().join("russet-server");
        // Where it was built, others may have no access.
        fs::copy(env!("CARGO_BIN_EXE_russet-server"), &program).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        Self::launch(program.to_str().unwrap(), directory, arguments)
    }

    /// Starts the redis-server of this machine, to compare with.
    pub fn upstream(arguments: &[&str]) -> Self {
        Self::launch("redis-server", TempDir::new().unwrap(), arguments)
    }

    /// Starts a program that takes the options of a server. The first argument may be a configuration file.
    pub fn launch(program: &str, directory: TempDir, arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        // Another process may take the port between the look and the bind: then try another one.
        for _ in 0..20 {
            let port = free_port();
            fs::write(directory.path().join("log"), "").unwrap();
            if let Some(process) = Self::spawn(program, &directory, port, &arguments) {
                return Self { process, directory, port, program: program.to_owned(), arguments };
            }
        }
        panic!("no free port");
    }

    /// Starts a process and waits until it answers; none if its port is taken.
    fn spawn(program: &str, directory: &TempDir, port: u16, arguments: &[String]) -> Option<Child> {
        let path = directory.path().join("log");
        let log = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let mut command = Command::new(program);
        // Variables are directives: those around the tests are not meant for the server.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"RUSSET_"))
        {
            command.env_remove(name);
        }
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if is_root && Path::new(program).starts_with(directory.path()) {
            command.uid(NOBODY).gid(NOBODY);
        }
        let has_file = arguments.first().is_some_and(|argument| !argument.starts_with("--"));
        let (file, options) = arguments.split_at(usize::from(has_file));
        let process = command
            .args(file)
            .args(["--port", &port.to_string(), "--dir", directory.path().to_str().unwrap()])
            .args(["--save", ""])
            .args(["--enable-debug-command", "yes"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{program}: {error}; scripts/install-test-dependencies installs it")
            });
        let mut starting = Starting { process, port };
        if wait_until(|| starting.answers_or_ended()) && starting.process.try_wait().unwrap().is_none() {
            return Some(starting.process);
        }
        let log = fs::read_to_string(path).unwrap_or_default();
        assert!(log.contains("in use"), "the server does not start: {log}");
        None
    }

    /// Takes the process down without giving it a chance to do anything.
    pub fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The same for good; the directory it leaves.
    pub fn kill(mut self) -> TempDir {
        self.crash();
        self.wait().1
    }

    /// Starts a process that has ended once more: the same program, arguments, directory and port.
    pub fn start_again(&mut self) {
        let is_back = wait_until(|| {
            let process = Self::spawn(&self.program, &self.directory, self.port, &self.arguments);
            process.map(|process| self.process = process).is_some()
        });
        assert!(is_back, "port {} is taken", self.port);
    }

    /// Waits until the server has loaded its data set.
    pub fn loaded(self) -> Self {
        assert!(wait_until(|| self.client().call("PING") == "+PONG"), "the server goes on loading");
        self
    }

    pub fn client(&self) -> Client {
        Client::connect(self.port)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// What the server has logged to its standard output.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Waits for the process to end by itself; its exit code, and the directory it leaves.
    pub fn wait(mut self) -> (Option<i32>, TempDir) {
        assert!(wait_until(|| self.process.try_wait().unwrap().is_some()), "the server goes on");
        let code = self.process.wait().unwrap().code();
        let directory = std::mem::replace(&mut self.directory, TempDir::new().unwrap());
        (code, directory)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.log());
        }
    }
}

/// A process that may not be ready yet.
struct Starting {
    process: Child,
    port: u16,
}

impl Starting {
    fn answers_or_ended(&mut self) -> bool {
        if self.process.try_wait().unwrap().is_some() {
            return true;
        }
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut reply = [0; 1];
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut reply).is_ok()
    }
}

/// A connection that sends words and shows replies as the bytes on the wire, made readable.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.try_send_raw(bytes).unwrap();
    }

    /// The same to a server that may close the connection meanwhile.
    pub fn try_send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request of these arguments.
    pub fn send_arguments<A: AsRef<[u8]>>(&mut self, arguments: &[A]) {
        self.send_raw(&encode(arguments));
    }

    /// Sends a request given as words; `""` stands for an empty argument.
    pub fn send(&mut self, words: &str) {
        let arguments: Vec<&str> = words
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| if word == "\"\"" { "" } else { word })
            .collect();
        self.send_arguments(&arguments);
    }

    /// Sends a request and reads its reply.
    pub fn call(&mut self, words: &str) -> String {
        self.send(words);
        self.reply()
    }

    /// The same with arguments of any bytes.
    pub fn call_arguments<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> String {
        self.send_arguments(arguments);
        self.reply()
    }

    /// The next reply, as text: `:1`, `+OK`, `-ERR ...`, `$value`, `$nil`, `*2[:1 $a]`, `%1[$k :1]`.
    pub fn reply(&mut self) -> String {
        let line = self.line();
        let (kind, rest) = line.split_at(1);
        match kind {
            "$" | "=" if rest == "-1" => "$nil".to_owned(),
            "$" | "=" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.stream.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                format!("{kind}{}", String::from_utf8_lossy(&bytes))
            }
            "*" if rest == "-1" => "*nil".to_owned(),
            "*" | "~" | ">" => self.elements(kind, rest.parse().unwrap()),
            "%" | "|" => self.elements(kind, rest.parse::<usize>().unwrap() * 2),
            _ => line,
        }
    }

    /// The next reply as its bytes on the wire, with everything nested in it.
    pub fn raw_reply(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut expected = 1;
        while expected > 0 {
            expected -= 1;
            let start = bytes.len();
            self.stream.read_until(b'\n', &mut bytes).unwrap();
            let line = std::str::from_utf8(&bytes[start..]).unwrap_or_default();
            assert!(line.ends_with("\r\n"), "the connection was closed after {line:?}");
            let (kind, rest) = line.trim_end().split_at(1);
            let Ok(length) = rest.parse::<usize>() else { continue };
            match kind {
                "$" | "=" => {
                    let mut bulk = vec![0; length + 2];
                    self.stream.read_exact(&mut bulk).unwrap();
                    bytes.extend_from_slice(&bulk);
                }
                "*" | "~" | ">" => expected += length,
                "%" => expected += 2 * length,
                "|" => expected += 2 * length + 1,
                _ => {}
            }
        }
        bytes
    }

    /// Sends no more, and takes in what the server still says until it closes; false if it does not.
    pub fn finish(mut self) -> bool {
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
        self.is_closed()
    }

    /// Whether the server closes the connection (after reading what it still sends).
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => true,
            // A reset also closes: the server had bytes left that it did not want.
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }

    fn elements(&mut self, kind: &str, count: usize) -> String {
        let shown = if matches!(kind, "%" | "|") { count / 2 } else { count };
        let elements: Vec<String> = (0..count).map(|_| self.reply()).collect();
        format!("{kind}{shown}[{}]", elements.join(" "))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert!(line.ends_with("\r\n"), "the connection was closed after {line:?}");
        line.truncate(line.len() - 2);
        line
    }
}

/// A request of these arguments, as on the wire.
pub fn encode<A: AsRef<[u8]>>(arguments: &[A]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        let argument = argument.as_ref();
        request.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        request.extend_from_slice(argument);
        request.extend_from_slice(b"\r\n");
    }
    request
}

/// A script in the Python that has redis-py.
pub fn python(script: &str) -> Command {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python3");
    let mut command = Command::new(if own.exists() { own } else { "python3".into() });
    command.args(["-c", script]);
    command
}

/// A number from the environment, so that a run can be longer or repeat another one.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// Sends a request and compares its reply.
#[track_caller]
pub fn check(client: &mut Client, words: &str, expected: &str) {
    assert_eq!(client.call(words), expected, "{words}");
}

/// Sends several requests in order and compares their replies.
#[track_caller]
pub fn check_all(client: &mut Client, cases: &[(&str, &str)]) {
    for (words, expected) in cases {
        check(client, words, expected);
    }
}

/// Asks again until `condition` holds; false when patience ends.
pub fn wait_until(mut condition: impl FnMut() -> bool) -> bool {
    #[expect(clippy::disallowed_methods, reason = "a test waits for another process")]
    let start = std::time::Instant::now();
    while !condition() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        #[expect(clippy::disallowed_methods, reason = "a test waits for another process")]
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Ends a process as if its memory had run out.
pub fn kill(process_id: u32) {
    let killed = Command::new("kill").args(["-9", &process_id.to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
}

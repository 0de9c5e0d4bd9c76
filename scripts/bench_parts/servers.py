"""A server under measurement: how it is started, loaded and asked, and what it uses."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu)] + command if shutil.which("taskset") and os.cpu_count() > 1 else command


def encode(*words):
    parts = [f"*{len(words)}\r\n"] + [f"${len(w)}\r\n{w}\r\n" for w in words]
    return "".join(parts).encode()


def benchmark(server, *options):
    """A run of redis-benchmark, to its end."""
    command = ["redis-benchmark", "-p", str(server.port), "-r", "100000", "-q", *options]
    subprocess.run(pinned(1, command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def compared(name, figures, form="8.2f"):
    """A line of figures, the second of which is compared with the first. `figures` are pairs of a server's name and
    a number."""
    shown = "  ".join(f"{server} {figure:{form}}" for server, figure in figures)
    (_, first), (_, second) = figures
    # Very short runs use less than the kernel counts.
    ratio = second / first if first else float("nan")
    print(f"  {name:18} {shown}  ratio {ratio:.2f}", flush=True)


class Server:
    def __init__(self, name, path, port, *options, cpu=0):
        self.name, self.port = name, port
        self.directory = tempfile.mkdtemp(prefix="bench-")
        self.command = pinned(cpu, [os.path.abspath(path), "--port", str(port), "--dir", self.directory,
                                    "--save", "", "--appendonly", "no", *options])
        self.start()

    def start(self):
        """Returns once it is ready to serve."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None:
            try:
                if self.answer("PING") == b"+PONG\r\n":
                    return
            except OSError:
                pass
            time.sleep(0.01)
        sys.exit(f"{self.name} does not start: {' '.join(self.command)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def connect(self):
        stream = socket.create_connection(("127.0.0.1", self.port), 120)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream

    def cpu_seconds(self, with_children=False):
        """User and system time; also that of children that have ended, if asked for."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return sum(int(field) for field in fields[11:15 if with_children else 13]) / TICKS

    def resident_bytes(self):
        lines = open(f"/proc/{self.process.pid}/status")
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def load(self, requests, batch):
        """Sends requests in batches and waits for their one-line replies."""
        stream = self.connect()
        replies = stream.makefile("rb")
        pending = []
        for request in requests:
            pending.append(request)
            if len(pending) == batch:
                stream.sendall(b"".join(pending))
                for _ in pending:
                    replies.readline()
                pending.clear()
        if pending:
            stream.sendall(b"".join(pending))
            for _ in pending:
                replies.readline()

    def ask(self, stream, *words):
        """Sends a command and reads until its reply is complete."""
        stream.sendall(encode(*words) + encode("ECHO", "the end"))
        tail = b""
        while not tail.endswith(b"$7\r\nthe end\r\n"):
            tail = tail[-32:] + stream.recv(1 << 20)

    def answer(self, *words):
        """The reply to a command that is short and has one part."""
        with self.connect() as stream:
            stream.sendall(encode(*words))
            replies = stream.makefile("rb")
            line = replies.readline()
            return replies.read(int(line[1:])) if line.startswith(b"$") else line

    def info(self, field):
        lines = self.answer("INFO", "everything").decode().splitlines()
        return next((line.split(":", 1)[1] for line in lines if line.startswith(field + ":")), None)

    def wait_for(self, field, value):
        while self.info(field) != value:
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

"""What it costs to keep data: saving, starting again, the append-only file."""
import statistics
import subprocess
import time

from bench_parts.data import KINDS, fill, keys_of
from bench_parts.servers import Server, benchmark, compared, pinned
from bench_parts.waits import waits_during

ALWAYS_REQUESTS_SHARE = 0.1
SNAPSHOTS_UNDER_LOAD = 3


def save_and_restart(programs, arguments):
    print(f"Seconds to save, and from start to service with the file; {arguments.keys} keys")
    for kind in KINDS:
        keys = keys_of(kind, arguments.keys)
        saves, restarts = [], []
        for name, path, port in programs:
            with Server(name, path, port) as server:
                fill(server, kind, keys)
                started = time.perf_counter()
                answer = server.answer("SAVE")
                saves.append((name, time.perf_counter() - started))
                assert answer == b"+OK\r\n", answer
                server.kill()
                started = time.perf_counter()
                server.start()
                restarts.append((name, time.perf_counter() - started))
        compared(f"{kind} save", saves)
        compared(f"{kind} restart", restarts)


def append(programs, arguments):
    """Rounds alternate between the servers."""
    def run(title, policy, measure):
        options = ["--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"]
        servers = [Server(name, path, port, *options) for name, path, port in programs]
        try:
            rounds = [[measure(server) for server in servers] for _ in range(arguments.rounds + 1)]
        finally:
            for server in servers:
                server.stop()
        # The first round warms up.
        medians = [statistics.median(figures) for figures in zip(*rounds[1:])]
        compared(title, [(server.name, median) for server, median in zip(servers, medians)], "9.0f")

    def cpu_of_set(server):
        requests = arguments.requests * 5
        before = server.cpu_seconds()
        benchmark(server, "-t", "set", "-n", str(requests), "-P", "16")
        return (server.cpu_seconds() - before) / requests * 1e9

    def sets_per_second(server):
        requests = int(arguments.requests * ALWAYS_REQUESTS_SHARE)
        started = time.perf_counter()
        benchmark(server, "-t", "set", "-n", str(requests), "-c", "50")
        return requests / (time.perf_counter() - started)

    print("Append-only file: server CPU of a SET at P=16 with everysec, ns; SETs per second of 50 clients with always")
    run("everysec CPU", "everysec", cpu_of_set)
    run("always throughput", "always", sets_per_second)


def save_under_load(programs, arguments):
    print(f"Waits of a client that pings while {arguments.keys} keys are saved in the background and 50 others write, ms")
    for name, path, port in programs:
        with Server(name, path, port) as server:
            fill(server, "str32", arguments.keys)
            command = ["redis-benchmark", "-p", str(port), "-t", "set", "-r", str(arguments.keys), "-n", "1000000000", "-q"]
            load = subprocess.Popen(pinned(1, command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def save():
                for _ in range(SNAPSHOTS_UNDER_LOAD):
                    server.answer("BGSAVE")
                    server.wait_for("rdb_bgsave_in_progress", "0")

            try:
                waits = waits_during(server, save)
            finally:
                load.kill()
                load.wait()
            at = lambda share: waits[min(len(waits) - 1, int(len(waits) * share))]
            print(f"  {name:7} p50 {at(.5):.2f}  p99 {at(.99):.2f}  p99.9 {at(.999):.2f}  longest {waits[-1]:.2f}  "
                  f"({len(waits)} pings)", flush=True)


def durability(programs, arguments):
    save_and_restart(programs, arguments)
    append(programs, arguments)
    save_under_load(programs, arguments)

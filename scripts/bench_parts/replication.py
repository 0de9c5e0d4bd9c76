"""What replicas cost their primary, and how long a full synchronisation takes. A server's replicas are of its kind."""
import random
import statistics
import time

from bench_parts.data import fill
from bench_parts.servers import Server, benchmark, compared, encode

VALUE_BYTES = 1000
REPLICAS_MANY = 5
NO_DELAY = ["--repl-diskless-sync-delay", "0"]


def replica_of(primary, path, number):
    """It shares the other CPU with the clients. Its first synchronisation is done."""
    replica = Server(primary.name, path, primary.port + 10 * number, *NO_DELAY,
                     "--replicaof", f"127.0.0.1 {primary.port}", cpu=1)
    replica.wait_for("master_link_status", "up")
    return replica


def cpu_of_set(programs, arguments):
    """The total of the primary's process, stream and acknowledgements included, and nothing of the replica's."""
    print("The primary's CPU of a SET at P=16, ns: alone, and with one replica")
    alone, followed = [], []
    for name, path, port in programs:
        with Server(name, path, port, *NO_DELAY) as primary:
            def measure():
                requests = arguments.requests * 5
                before = primary.cpu_seconds()
                benchmark(primary, "-t", "set", "-n", str(requests), "-P", "16")
                return (primary.cpu_seconds() - before) / requests * 1e9

            rounds = [measure() for _ in range(arguments.rounds + 1)]
            alone.append((name, statistics.median(rounds[1:])))
            with replica_of(primary, path, 1):
                rounds = [measure() for _ in range(arguments.rounds + 1)]
                followed.append((name, statistics.median(rounds[1:])))
    compared("alone", alone, "7.0f")
    compared("one replica", followed, "7.0f")


def full_sync(programs, arguments):
    print(f"Seconds from REPLICAOF to the stream, and CPU seconds of both ends with the child: {arguments.keys} strings "
          f"of {VALUE_BYTES} bytes (median of {arguments.rounds} rounds)")
    # Digits that compression makes little of.
    digits = "".join(random.Random(7).choices("0123456789abcdef", k=100 * VALUE_BYTES))
    primaries = [(path, Server(name, path, port, *NO_DELAY)) for name, path, port in programs]
    seconds = {primary.name: [] for _, primary in primaries}
    cpu_seconds = {primary.name: [] for _, primary in primaries}
    try:
        for _, primary in primaries:
            values = (digits[i * 7919 % (99 * VALUE_BYTES):][:VALUE_BYTES] for i in range(arguments.keys))
            primary.load((encode("SET", f"key:{i:012}", value) for i, value in enumerate(values)), 100)
        for _ in range(arguments.rounds):
            for path, primary in primaries:
                with Server(primary.name, path, primary.port + 10, *NO_DELAY, cpu=1) as replica:
                    used = lambda: sum(end.cpu_seconds(with_children=True) for end in (primary, replica))
                    started, before = time.perf_counter(), used()
                    replica.answer("REPLICAOF", "127.0.0.1", str(primary.port))
                    replica.wait_for("master_link_status", "up")
                    seconds[primary.name].append(time.perf_counter() - started)
                    primary.wait_for("rdb_bgsave_in_progress", "0")
                    cpu_seconds[primary.name].append(used() - before)
                    assert replica.answer("DBSIZE") == primary.answer("DBSIZE")
    finally:
        for _, primary in primaries:
            primary.stop()
    for title, figures in ("full sync", seconds), ("its CPU", cpu_seconds):
        compared(title, [(name, statistics.median(rounds)) for name, rounds in figures.items()])


def memory_of_many(programs, arguments):
    keys = arguments.keys // 10
    print(f"The primary's resident memory under a load of SETs at P=16 on {keys} keys, MB: one replica, and {REPLICAS_MANY}")
    for name, path, port in programs:
        with Server(name, path, port, *NO_DELAY) as primary:
            fill(primary, "str32", keys)
            replicas, figures = [], []
            try:
                for count in (1, REPLICAS_MANY):
                    while len(replicas) < count:
                        replicas.append(replica_of(primary, path, len(replicas) + 1))
                    benchmark(primary, "-t", "set", "-n", str(arguments.requests), "-P", "16")
                    figures.append((f"{name} {count}:", primary.resident_bytes() / 1e6))
            finally:
                for replica in replicas:
                    replica.stop()
            compared("resident", figures, "7.1f")


def replication(programs, arguments):
    cpu_of_set(programs, arguments)
    full_sync(programs, arguments)
    memory_of_many(programs, arguments)

"""Requests that are the same in every run."""
from bench_parts.servers import encode


def number(*seeds):
    """Six digits that are the same in every run."""
    value = 7
    for seed in seeds:
        value = (value * 1103515245 + seed * 69069 + 12345) % 2**31
    return f"{value % 1000000:06}"


def words(count, of):
    return [word for n in range(count) for word in of(n)]


KINDS = {
    "str32": lambda i: ("SET", f"key:{i:012}", "v" * 32),
    "int": lambda i: ("SET", f"key:{i:012}", str(i)),
    "str32ttl": lambda i: ("SET", f"key:{i:012}", "v" * 32, "EX", "100000"),
    "hash5": lambda i: ("HSET", f"key:{i:012}", *words(5, lambda n: (f"field{n}", f"value{number(i, n)}"))),
    "hash1000": lambda i: ("HSET", f"key:{i:012}", *words(1000, lambda n: (f"field{n}", f"value{number(i, n)}"))),
    "zset1000": lambda i: ("ZADD", f"key:{i:012}", *words(1000, lambda n: (f"0.{number(i, n)}", f"member:{n}"))),
    "set1000": lambda i: ("SADD", f"key:{i:012}", *words(1000, lambda n: (f"member:{n}",))),
    "list1000": lambda i: ("RPUSH", f"key:{i:012}", *words(1000, lambda n: (f"element:{n}",))),
}
# So many keys of a kind with many elements stand for as many as `--keys` says of the others.
KEYS_OF_LARGE_KINDS = 1000


def keys_of(kind, keys):
    return min(keys, KEYS_OF_LARGE_KINDS) if kind.endswith("1000") else keys


def fill(server, kind, keys):
    """So many keys of a kind."""
    request = KINDS[kind]
    server.load((encode(*request(i)) for i in range(keys)), 5 if kind.endswith("1000") else 500)

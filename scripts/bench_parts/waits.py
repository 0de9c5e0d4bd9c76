"""How long a client that pings all the time waits for answers."""
import multiprocessing
import time


def pings(server, stop, results):
    """A process of its own: a thread would wait for the one that loads, not for the server."""
    stream = server.connect()
    waits = []
    while not stop.is_set():
        started = time.perf_counter()
        stream.sendall(b"PING\r\n")
        stream.recv(64)
        waits.append((time.perf_counter() - started) * 1000)
        time.sleep(0.001)
    results.put(sorted(waits))


def waits_during(server, work):
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    pinger = multiprocessing.Process(target=pings, args=(server, stop, results))
    pinger.start()
    work()
    stop.set()
    waits = results.get()
    pinger.join()
    return waits

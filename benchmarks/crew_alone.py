"""The crew by itself: chain, fan-out and reuse figures with no engine and no database around it.

    python benchmarks/crew_alone.py [--rounds 5]

Prints the median of the rounds, and what the processes weigh when idle.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from venturi import linux
from venturi.config import Home
from venturi.wire import messages
from venturi.wire.frames import Decoder, Frame, Head, encode

DAG_FILE = """
from airflow import DAG
from airflow.operators.python import PythonOperator

def fib(n=10):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

with DAG("bench", schedule=None) as dag:
    PythonOperator(task_id="fib", python_callable=fib)
"""


class Driver:
    def __init__(self, folder: Path, slots: int) -> None:
        self.home = Home(folder, folder)
        self.home.make()
        self.file = folder / "bench.py"
        self.file.write_text(DAG_FILE)
        (folder / "venturi.toml").write_text(f"slots = {slots}\n")
        self.crew = subprocess.Popen([sys.executable, "-m", "venturi.crew", "--home", str(folder)])
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                self.link.connect(self.home.socket("crew"))
                break
            except OSError:
                time.sleep(0.01)
        self.decoder = Decoder()
        self.link.sendall(encode(messages.hello("engine", os.getpid())))
        source = messages.source(str(self.file), str(folder), [str(folder)], sys.executable)
        self.link.sendall(encode(messages.load(1, source, 30.0, None)))
        loaded: Head = {}
        while loaded.get("k") != "loaded":
            for loaded, _ in self.frames():
                if loaded["k"] == "load_failed":
                    sys.exit(str(loaded))
        self.source = {**source, "version": loaded["version"]}
        self.token = 0

    def frames(self) -> list[Frame]:
        return list(self.decoder.feed(self.link.recv(1 << 20)))

    def start(self, isolation: str = "fork") -> bytes:
        self.token += 1
        head = messages.start(self.token, self.source, f"b/{self.token}.log", isolation, what="bench · fib")
        body = {"dag_id": "bench", "run_id": "r", "task_id": "fib", "token": self.token}
        return encode(head, json.dumps(body).encode())

    def chain(self, n: int, isolation: str = "fork") -> float:
        """Seconds a task, one after the other; acknowledged with the next start, as an engine does it."""
        began = time.perf_counter()
        done: list[int] = []
        for _ in range(n):
            self.link.sendall((encode(messages.ack(done)) if done else b"") + self.start(isolation))
            done = []
            while not done:
                done = [h["token"] for h, _ in self.frames() if h["k"] == "ended"]
        return (time.perf_counter() - began) / n

    def fan_out(self, n: int, live: int, isolation: str = "fork") -> float:
        """Attempts a second, `live` of them given at once."""
        began = time.perf_counter()
        self.link.sendall(b"".join(self.start(isolation) for _ in range(min(live, n))))
        given, ended = min(live, n), 0
        while ended < n:
            done = [h["token"] for h, _ in self.frames() if h["k"] == "ended"]
            ended += len(done)
            more = min(len(done), n - given)
            given += more
            if done:
                self.link.sendall(encode(messages.ack(done)) + b"".join(self.start(isolation) for _ in range(more)))
        return n / (time.perf_counter() - began)

    def close(self) -> None:
        self.link.sendall(encode(messages.stop(0)))
        self.crew.wait(20)


def weights(pid: int) -> list[tuple[str, float]]:
    found = []
    for one in (pid, *linux.descendants(pid)):
        try:
            name = Path(f"/proc/{one}/comm").read_text().strip()
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        kb = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        found.append((name, kb / 1024))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slots", type=int, default=4)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="venturi-bench-"))
    driver = Driver(folder, given.slots)
    try:
        driver.chain(5)
        chain = [driver.chain(40) * 1000 for _ in range(given.rounds)]
        print(f"chain of 40, a process each   {statistics.median(chain):8.2f} ms a task   (best {min(chain):.2f})")
        fan = [driver.fan_out(500, 4) for _ in range(given.rounds)]
        print(f"fan-out of 500, 4 live        {statistics.median(fan):8.0f} a second    (best {max(fan):.0f})")
        driver.chain(5, "reuse")
        chain = [driver.chain(400, "reuse") * 1000 for _ in range(given.rounds)]
        print(f"chain of 400, reused child    {statistics.median(chain):8.2f} ms a task   (best {min(chain):.2f})")
        fan = [driver.fan_out(5000, 64, "reuse") for _ in range(given.rounds)]
        print(f"fan-out of 5000, reuse        {statistics.median(fan):8.0f} a second    (best {max(fan):.0f})")
        for name, mb in weights(driver.crew.pid):
            print(f"  {name:20} {mb:6.1f} MB PSS")
    finally:
        driver.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

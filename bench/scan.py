"""Measures what reading a fleet costs over what Prometheus itself needs for the same answers.

    python bench/scan.py                      2,000 GPUs, 400 workloads, 7 days at 5 minutes
    python bench/scan.py --gpus 200 --workloads 40 --days 2

Builds a TSDB with promtool, starts a real Prometheus on loopback, reads the fleet in a process of its own, runs the
whole `trimtab scan` over it and a repository that declares it, and sends the same queries again with a bare client that
only takes in the bytes. Prints one JSON document; where the machine is shared, the CPU seconds of both sides tell more
than the clock.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.fleet import Size, pods_of, write_slice
from tests.prometheus import backfill, running
from tests.tools import tool
from trimtab.config import ClusterSettings, Prometheus
from trimtab.read.gather import AT_ONCE, gather
from trimtab.read.prometheus import PrometheusServer
from trimtab.read.promql import HOUR_S
from trimtab.read.query import Row

SLICE_S = 18 * HOUR_S
"""Length of one slice: promtool's blocks are cut at multiples of it, and its text stays below three gigabytes."""
ENDED_AT_S = 1_794_614_400
ROUNDS = 3
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: llm}}
spec:
  replicas: 4
  template:
    spec:
      nodeSelector: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}}
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          args: [--model=meta-llama/Llama-3.1-8B-Instruct, --max-model-len=8192]
          resources: {{limits: {{nvidia.com/gpu: 1}}}}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query as it was sent; `hours` is 0 for one at a single time."""

    promql: str
    at_s: int
    hours: int


class Listening:
    """A server that notes what it is asked."""

    def __init__(self, server: PrometheusServer) -> None:
        """Listen at a server."""
        self._server = server
        self.asked: list[Asked] = []
        self.metric_names = server.metric_names
        self.label_names = server.label_names
        self.warnings = server.warnings

    def instant(self, promql: str, at_s: int) -> tuple[Row, ...]:
        """Note and answer."""
        self.asked.append(Asked(promql, at_s, 0))
        return self._server.instant(promql, at_s)

    def hourly(self, promql: str, ended_at_s: int, hours: int) -> tuple[Row, ...]:
        """Note and answer."""
        self.asked.append(Asked(promql, ended_at_s, hours))
        return self._server.hourly(promql, ended_at_s, hours)


def build(size: Size, folder: Path) -> None:
    """Fill a TSDB, slice by slice."""
    start_s = ENDED_AT_S - size.days * 86400
    pods = pods_of(size, start_s, ENDED_AT_S)
    text = folder / "slice.om"
    for begin_s in range(start_s - start_s % SLICE_S, ENDED_AT_S + 1, SLICE_S):
        times = range(max(begin_s, start_s), min(begin_s + SLICE_S, ENDED_AT_S + 1), size.step_s)
        if not times:
            continue
        with text.open("w") as out:
            write_slice(out, size, pods, (start_s, ENDED_AT_S), times)
        backfill(tool("promtool"), text, folder / "data")
        text.unlink()


def read(url: str, days: int) -> dict[str, object]:
    """Read the fleet and return what it took; the address space holds nothing else."""
    cluster = ClusterSettings(name="bench", prometheus=Prometheus(url=url))
    with PrometheusServer(Prometheus(url=url)) as server:
        listening = Listening(server)
        cpu_s = time.process_time()
        started = time.perf_counter()
        facts = gather(listening, cluster, ENDED_AT_S, days * 86400, lambda *_: None)
        wall_s = time.perf_counter() - started
    return {
        "wall_s": wall_s,
        "cpu_s": time.process_time() - cpu_s,
        "series": len(facts.series),
        "gaps": [gap.reason for gap in facts.gaps],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "asked": [asdict(one) for one in listening.asked],
    }


def replay(url: str, asked: Sequence[Asked], at_once: int = AT_ONCE) -> tuple[float, list[tuple[float, str]]]:
    """Send the same queries as bare POSTs, as many at once; return the seconds for all, and each with its query."""
    address = urlsplit(url).netloc

    def send(one: Asked) -> tuple[float, str]:
        started = time.perf_counter()
        connection = http.client.HTTPConnection(address)
        first_s = one.at_s - (one.hours - 1) * HOUR_S
        form = {"query": one.promql, "start": first_s, "end": one.at_s, "step": HOUR_S} if one.hours else {}
        path = "/api/v1/query_range" if one.hours else "/api/v1/query"
        body = urlencode(form or {"query": one.promql, "time": one.at_s})
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        connection.getresponse().read()
        connection.close()
        return time.perf_counter() - started, one.promql

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        each = list(pool.map(send, asked))
    return time.perf_counter() - started, each


def server_cpu_s(url: str) -> float:
    """Return the CPU seconds that a Prometheus has used, as it tells of itself."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return next(float(line.split()[1]) for line in lines if line.startswith("process_cpu_seconds_total "))


def declare(size: Size, folder: Path, url: str) -> Path:
    """Write a repository that declares every workload, and a configuration; return the latter."""
    gitops = folder / "gitops"
    gitops.mkdir(exist_ok=True)
    for workload in range(size.workloads):
        name = f"w{workload:03}"
        (gitops / f"{name}.yaml").write_text(DEPLOYMENT.format(name=name))
    config = folder / "trimtab.yaml"
    config.write_text(f"clusters: [{{name: bench, prometheus: {{url: '{url}'}}}}]\nrepositories: [{{path: gitops}}]\n")
    return config


def scan(size: Size, folder: Path, url: str) -> dict[str, object]:
    """Run the whole command and return what its process took."""
    at = datetime.fromtimestamp(ENDED_AT_S, UTC).isoformat()
    command = [sys.executable, "-m", "trimtab", "scan", "--config", str(declare(size, folder, url)), "--at", at]
    started = time.perf_counter()
    with (folder / "scan.json").open("w") as out:
        process = subprocess.Popen([*command, "--format", "json"], stdout=out)
        _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    document = json.loads((folder / "scan.json").read_text())
    return {
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
        "exit": process.returncode,
        "workloads": len(document["workloads"]),
        "recommendations": len(document["recommendations"]),
    }


def measure(size: Size, folder: Path) -> dict[str, object]:
    """Return all figures for a fleet of one size."""
    started = time.perf_counter()
    if not (folder / "data").is_dir():
        build(size, folder)
    built_s = time.perf_counter() - started
    with running(tool("prometheus"), folder) as url:
        runs = []
        replays = []
        served = []
        for _ in range(ROUNDS):
            command = [sys.executable, __file__, "--read", url, "--days", str(size.days)]
            before_s = server_cpu_s(url)
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            served.append(server_cpu_s(url) - before_s)
            replays.append(replay(url, [Asked(**one) for one in runs[-1]["asked"]]))
        scans = [scan(size, folder, url) for _ in range(ROUNDS)]
        one_by_one_s, _ = replay(url, [Asked(**one) for one in runs[-1]["asked"]], at_once=1)
    wall_s = statistics.median(run["wall_s"] for run in runs)
    bare_s = statistics.median(seconds for seconds, _ in replays)
    dearest = sorted(replays[-1][1], reverse=True)[:5]
    return {
        "size": asdict(size),
        "built_s": round(built_s, 1),
        "series": runs[-1]["series"],
        "gaps": runs[-1]["gaps"],
        "queries": len(runs[-1]["asked"]),
        "read_s": round(wall_s, 2),
        "prometheus_s": round(bare_s, 2),
        "prometheus_one_by_one_s": round(one_by_one_s, 2),
        "ratio": round(wall_s / bare_s, 3),
        "ratio_one_by_one": round(wall_s / one_by_one_s, 3),
        "read_cpu_s": round(statistics.median(run["cpu_s"] for run in runs), 2),
        "prometheus_cpu_s": round(statistics.median(served), 2),
        "peak_mb": round(max(run["peak_mb"] for run in runs)),
        "scan_s": round(statistics.median(one["wall_s"] for one in scans), 2),
        "scan_ratio": round(statistics.median(one["wall_s"] for one in scans) / bare_s, 3),
        "scan_ratio_one_by_one": round(statistics.median(one["wall_s"] for one in scans) / one_by_one_s, 3),
        "scan_cpu_s": round(statistics.median(one["cpu_s"] for one in scans), 2),
        "scan_peak_mb": round(max(one["peak_mb"] for one in scans)),
        "scan_exit": scans[-1]["exit"],
        "workloads": scans[-1]["workloads"],
        "recommendations": scans[-1]["recommendations"],
        "dearest": [{"seconds": round(seconds, 2), "query": query[:120]} for seconds, query in dearest],
    }


def main() -> None:
    """Measure a fleet and one of a tenth of its workloads, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gpus", type=int, default=2000)
    parser.add_argument("--workloads", type=int, default=400)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--step", type=int, default=300, help="seconds between two samples")
    parser.add_argument("--keep", type=Path, help="a folder for the TSDB, used again if it is there")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        print(json.dumps(read(options.read, options.days)))
        return
    size = Size(options.gpus, options.workloads, options.days, options.step)
    tenth = Size(max(1, size.gpus // 10), max(1, size.workloads // 10), 1, size.step_s)
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-") as name:
        whole = options.keep or Path(name) / "whole"
        whole.mkdir(parents=True, exist_ok=True)
        small = Path(name) / "tenth"
        small.mkdir()
        print(json.dumps({"fleet": measure(size, whole), "tenth": measure(tenth, small)}, indent=2))


if __name__ == "__main__":
    main()

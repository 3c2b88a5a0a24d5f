"""Plants faults and look-alikes, scans the fleet, applies each recommendation, and counts right, missed and harmful.

    .venv/bin/python -m bench.replay --seeds 5

Every fleet is served by a real Prometheus for seven days and declared in a real Git repository. What a change does is
answered by `bench/physics.py`, which shares nothing with the estimate. Harm: after the change the workload does not
start, cannot keep up, or misses its latency objective at its busiest, though it kept it before.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.physics import CARDS, SHAPES, Answer, Setup, Work, answer
from tests.exposition import expose
from tests.prometheus import serve
from tests.specs import NodeSpec, WorkloadSpec

ENDED_AT = 1_794_614_400  # 2026-11-14T00:00:00Z
TAIL = 1.4
"""95th percentile of a latency over its mean, in the planted histograms' terms."""
H100, A100, L40S, A10G, L4 = CARDS


NEVER = frozenset({"standby", "young"})
"""Look-alikes for which no saving is right, whatever it does."""


@dataclass(frozen=True)
class Plant:
    """One workload, what is wrong with it, and what is true of it."""

    kind: str
    rules: frozenset[str]
    """Rules that are right to speak; empty for a look-alike."""
    model: str
    setup: Setup
    work: Work
    ttft_ms: float
    """Objective, 95th percentile; 0 where none is declared."""
    tpot_ms: float
    metrics: Mapping[str, object] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def _objective(model: str, setup: Setup, work: Work, slack: float) -> tuple[float, float]:
    """Return objectives that the present set-up keeps with a slack."""
    now = answer(SHAPES[model], setup, work, 0.55)
    return now.ttft_ms * TAIL * slack, now.tpot_ms * TAIL * slack


def plants(dice: random.Random) -> Iterator[Plant]:
    """Yield one of each kind, with drawn sizes."""
    small = dice.choice(("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen3-8B"))
    chat = Work(dice.uniform(0.3, 1.0), dice.uniform(300, 900), dice.uniform(100, 250))
    one = Setup(CARDS[H100], 1, 1)
    yield Plant("oversized", frozenset({"oversized-gpu"}), small, one, chat, 800, 60)
    yield Plant("tight objective", frozenset(), small, one, chat, *_objective(small, one, chat, 1.15))
    long = Work(dice.uniform(0.02, 0.03), 24000, 500)
    deep = replace(one, context=28672)
    yield Plant("long contexts", frozenset(), "Qwen/Qwen3-32B", deep, long, 20000, 90)
    busy = Work(dice.uniform(22, 26), 900, 250)
    yield Plant("busy", frozenset(), small, replace(one, replicas=2), busy, 1200, 60)
    idle: Mapping[str, object] = {"gpu_busy": 0.0, "dram": 0.0, "cpu_used": 0.03}
    yield Plant("idle", frozenset({"idle-replica"}), small, one, Work(0, 500, 100), 0, 0, idle)
    standby = {"trimtab.dev/standby": "true"}
    yield Plant("standby", frozenset(), small, one, Work(0, 500, 100), 0, 0, idle, standby)
    yield Plant("young", frozenset(), small, one, Work(0, 500, 100), 0, 0, {**idle, "age_days": 2.0})
    yield from _wrongly_sized(dice, small, chat)
    yield from _starved_or_not(dice, one)


def _wrongly_sized(dice: random.Random, small: str, chat: Work) -> Iterator[Plant]:
    """Yield too many replicas, too many GPUs, too little cache, too slow a GPU, and what only looks like it."""
    eight = Setup(CARDS[L40S], 1, dice.choice((5, 6)))
    yield Plant("surplus", frozenset({"surplus-replicas"}), small, eight, Work(1.2, 600, 200), 1200, 80)
    yield Plant("autoscaled", frozenset(), small, eight, Work(1.2, 600, 200), 1200, 80, {"hpa": (5, 8)})
    four = Setup(CARDS[H100], 4, 1)
    yield Plant("oversharded", frozenset({"oversharded-model", "oversized-gpu"}), small, four, chat, 800, 60)
    tight_kv = Setup(CARDS[H100], 1, 1, utilization=0.5)
    pressed: Mapping[str, object] = {"kv_usage": 1.0, "waiting": 12.0, "preemptions": 0.3}
    yield Plant("kv pressure", frozenset({"kv-cache-pressure"}), small, tight_kv, Work(3, 3000, 400), 0, 0, pressed)
    slow = Setup(CARDS[L4], 1, 1)
    yield Plant("undersized", frozenset({"undersized-gpu"}), small, slow, Work(0.5, 900, 250), 1500, 50)
    yield Plant("well placed", frozenset(), small, Setup(CARDS[L4], 1, 1), Work(0.15, 500, 150), 2000, 200)


def _starved_or_not(dice: random.Random, one: Setup) -> Iterator[Plant]:
    """Yield two workloads at 34 % GPU utilisation: one short of CPU, one a batch."""
    starved: Mapping[str, object] = {
        "gpu_busy": 0.34, "cpu_request": 2.0, "cpu_limit": 2.0, "cpu_used": 1.96, "throttled": 0.6, "waiting": 2.0,
        "tpot_ms": 110.0, "ttft_ms": 1200.0,
    }  # fmt: skip
    agentic = {"trimtab.dev/intent": "agentic"}
    yield Plant(
        "starved", frozenset({"starved-gpu"}), "Qwen/Qwen3-32B", one, Work(0.4, 700, 300), 700, 80, starved, agentic
    )
    batch: Mapping[str, object] = {"gpu_busy": 0.34, "busy_hours": (0, 8), "night": 1.0, "cpu_used": 2.0}
    night = Work(dice.uniform(0.45, 0.55), 1500, 400)
    yield Plant("batch", frozenset(), "Qwen/Qwen3-32B", one, night, 0, 0, batch, {"trimtab.dev/intent": "batch"})


def draws(dice: random.Random, number: int) -> Iterator[Plant]:
    """Yield workloads with nothing planted: whatever is proposed for them must do no harm, and cures count."""
    while number:
        model = dice.choice(tuple(SHAPES))
        card = CARDS[dice.choice((H100, H100, A100, L40S, A10G, L4))]
        setup = Setup(card, dice.choice((1, 1, 1, 2, 4)), dice.choice((1, 1, 2, 3, 4)))
        work = Work(
            math.exp(dice.uniform(-2.5, 2.5)), math.exp(dice.uniform(4.5, 8.3)), math.exp(dice.uniform(3.5, 6.5))
        )
        now = answer(SHAPES[model], setup, work, 0.55)
        if now.fits and now.stable and work.input_tokens + work.output_tokens < setup.context:
            slack = dice.uniform(1.05, 4)
            yield Plant(f"draw {number}", frozenset(), model, setup, work, *_objective(model, setup, work, slack))
            number -= 1


def seen(plant: Plant, name: str, node: str, part: float) -> WorkloadSpec:
    """Return what a workload's exporters show."""
    now = answer(SHAPES[plant.model], plant.setup, plant.work, part)
    spec = WorkloadSpec(
        name=name, nodes=(node,), model=plant.model, replicas=plant.setup.replicas, gpus=plant.setup.gpus,
        requests_per_s=plant.work.rate, input_tokens=plant.work.input_tokens, output_tokens=plant.work.output_tokens,
        ttft_ms=now.ttft_ms, tpot_ms=now.tpot_ms, running=now.running if plant.work.rate else 0,
        kv_usage=now.kv_usage if plant.work.rate else 0, kv_tokens=int(now.kv_tokens), gpu_busy=max(0.02, now.busy),
        dram=now.busy * 0.6, memory_used=plant.setup.utilization, annotations=_annotations(plant),
    )  # fmt: skip
    return replace(spec, **plant.metrics)


def _annotations(plant: Plant) -> dict[str, str]:
    wishes = {"trimtab.dev/slo-ttft-p95": plant.ttft_ms, "trimtab.dev/slo-tpot-p95": plant.tpot_ms}
    return {**{key: f"{value:.0f}ms" for key, value in wishes.items() if value}, **plant.annotations}


def _cpu_limit(plant: Plant) -> dict[str, str]:
    return {"cpu": str(plant.metrics["cpu_limit"])} if "cpu_limit" in plant.metrics else {}


def manifest(plant: Plant, name: str) -> str:
    """Return the Deployment that declares a workload."""
    shown = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "llm", "annotations": _annotations(plant)},
        "spec": {
            "replicas": plant.setup.replicas,
            "template": {"spec": {
                "nodeSelector": {"nvidia.com/gpu.product": plant.setup.card.product},
                "containers": [{
                    "name": "server",
                    "image": "vllm/vllm-openai:v0.19.0",
                    "args": [
                        f"--model={plant.model}", f"--max-model-len={plant.setup.context}",
                        f"--gpu-memory-utilization={plant.setup.utilization}",
                        f"--tensor-parallel-size={plant.setup.gpus}",
                    ],
                    "resources": {
                        "requests": {"cpu": str(plant.metrics.get("cpu_request", 8))},
                        "limits": {"nvidia.com/gpu": plant.setup.gpus, **_cpu_limit(plant)},
                    },
                }],
            }},
        },
    }  # fmt: skip
    return json.dumps(shown, indent=2)


def applied(setup: Setup, changes: list[Mapping[str, object]]) -> Setup:
    """Return the set-up after a recommendation's changes."""
    takes: Mapping[str, Callable[[Setup, object], Setup]] = {
        "gpu_product": lambda old, to: replace(old, card=CARDS[str(to)]),
        "gpu_count": lambda old, to: replace(old, gpus=int(str(to))),
        "replicas": lambda old, to: replace(old, replicas=int(str(to))),
        "gpu_memory_utilization": lambda old, to: replace(old, utilization=float(str(to))),
        "max_model_len": lambda old, to: replace(old, context=int(str(to))),
    }
    for change in changes:
        setup = takes.get(str(change["field"]), lambda old, _to: old)(setup, change["to"])
    return setup


def harmful(plant: Plant, after: Setup, part: float) -> str:
    """Return why the changed workload is worse off; empty where it is not."""
    if after.replicas == 0:
        return "" if plant.work.rate == 0 else "scaled to nothing under traffic"
    if plant.work.rate == 0:
        return ""
    then = answer(SHAPES[plant.model], after, plant.work, part)
    if not then.fits or not then.stable:
        return "does not fit or cannot keep up"
    return _missed(plant, then)


def _missed(plant: Plant, then: Answer) -> str:
    if plant.ttft_ms and then.ttft_ms * TAIL > plant.ttft_ms:
        return f"TTFT p95 {then.ttft_ms * TAIL:.0f} ms over {plant.ttft_ms:.0f}"
    if plant.tpot_ms and then.tpot_ms * TAIL > plant.tpot_ms:
        return f"TPOT p95 {then.tpot_ms * TAIL:.0f} ms over {plant.tpot_ms:.0f}"
    return ""


VARIANTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "plain": (),
    "old engine": (
        (r"vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        (r"vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"),
        (r'engine="0",', ""),
    ),
    "relabelled": (
        (r"(DCGM_\w+{[^}]*)Hostname=", r"\1hostname="),
        (r'(DCGM_\w+{[^}]*),pod="([^"]*)"', r'\1,exported_pod="\2",pod="dcgm-exporter-x2b4c"'),
        (r'(DCGM_\w+{[^}]*)namespace="([^"]*)"', r'\1exported_namespace="\2",namespace="gpu-operator"'),
        (r'(DCGM_\w+{[^}]*)container="([^"]*)"', r'\1exported_container="\2",container="exporter"'),
    ),
    "no profiling": ((r"(?m)^(# TYPE )?DCGM_FI_PROF_.*\n", ""),),
    "no node labels": ((r"(?m)^(# TYPE )?kube_node_labels.*\n", ""),),
}
"""Other spellings of the same metrics, as other releases and relabellings give them."""


def _bill(setup: Setup) -> float:
    """Return US dollars a month."""
    return setup.gpus * setup.replicas * setup.card.usd_per_hour * 730


def scan(planted: Mapping[str, Plant], part: float, folder: Path, variant: str) -> Mapping[str, object]:
    """Declare, serve and scan one fleet."""
    gitops = folder / "gitops"
    gitops.mkdir()
    nodes: list[NodeSpec] = []
    workloads: list[WorkloadSpec] = []
    for name, plant in planted.items():
        node = f"node-{name}"
        count = plant.setup.gpus * plant.setup.replicas
        nodes.append(NodeSpec(node, plant.setup.card.product, gpus=count, cpu=16.0 * count))
        workloads.append(seen(plant, name, node, part))
        (gitops / f"{name}.yaml").write_text(manifest(plant, name))
    nodes += [NodeSpec(f"spare-{card.lower()}", card, gpus=8, purpose="headroom") for card in CARDS]
    nodes.append(NodeSpec("dark", A100, gpus=2))
    prices = "".join(f"aws,us-east-1,{card.product},{card.usd_per_hour}\n" for card in CARDS.values())
    (folder / "prices.csv").write_text("provider,region,gpu,usd_per_gpu_hour\n" + prices)
    text = expose(tuple(nodes), tuple(workloads), ENDED_AT)
    for pattern, instead in VARIANTS[variant]:
        text = re.sub(pattern, instead, text)
    with serve(text) as url:
        config = {
            "clusters": [{"name": "eu", "provider": "aws", "region": "us-east-1", "prometheus": {"url": url}}],
            "repositories": [{"path": "gitops"}],
            "prices": {"file": "prices.csv"},
        }
        (folder / "trimtab.yaml").write_text(json.dumps(config))
        command = [sys.executable, "-m", "trimtab", "scan", "--config", "trimtab.yaml", "--format", "json"]
        ran = subprocess.run(
            [*command, "--at", "2026-11-14T00:00:00Z"], cwd=folder, capture_output=True, text=True, check=False
        )
    if ran.returncode not in (0, 1):
        raise SystemExit(ran.stderr)
    document: Mapping[str, object] = json.loads(ran.stdout)
    return document


@dataclass
class Score:
    """Counts over all fleets."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    harm: int = 0
    claimed: float = 0.0
    realised: float = 0.0

    def take(self, one: Mapping[str, object], planted: Mapping[str, Plant], part: float) -> str:
        """Count one recommendation and return a line about it."""
        subject, rule, changes = one["subject"], str(one["rule"]), one["changes"]
        assert isinstance(subject, dict)  # noqa: S101 - the document's own schema
        assert isinstance(changes, list)  # noqa: S101 - the same
        name = subject["name"]
        if subject["kind"] == "Node":
            ok, why = name == "dark", ""
        else:
            plant = planted[name]
            after = applied(plant.setup, changes)
            worse = rule != "starved-gpu" and not harmful(plant, plant.setup, part)
            why = harmful(plant, after, part) if worse else ""
            ok = rule in plant.rules or _is_gain(plant, after, part)
            self.harm += bool(why)
            saving = one["saving"]
            if isinstance(saving, dict) and changes:
                self.claimed += float(saving["monthly"])
                self.realised += _bill(plant.setup) - _bill(after)
        self.right, self.wrong = self.right + ok, self.wrong + (not ok)
        told = ", ".join(f"{change['field']} {change['from']} -> {change['to']}" for change in changes)
        return f"{name} {rule} {'right' if ok else 'WRONG'} {'HARM ' + why if why else ''} [{told}]"

    def miss(self, name: str, plant: Plant, document: Mapping[str, object]) -> str:
        """Count a planted fault that nothing was said of, and return the reasons that were given."""
        self.missed += 1
        silences = document["silences"]
        assert isinstance(silences, list)  # noqa: S101 - the document's own schema
        reasons = [one["reason"] for one in silences if one["subject"]["name"] == name and one["rule"] in plant.rules]
        return f"{name} MISSED {sorted(plant.rules)} {reasons}"

    def __str__(self) -> str:
        """Return the totals."""
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        return (
            f"precision {precision:.3f}  recall {recall:.3f}  harmful {self.harm}  of {self.right + self.wrong}\n"
            f"saving claimed ${self.claimed:,.0f}, realised ${self.realised:,.0f} a month"
        )


def _is_gain(plant: Plant, after: Setup, part: float) -> bool:
    """Return whether a change that was not planted is right all the same: it saves or it cures, and harms nothing."""
    if plant.kind in NEVER or harmful(plant, after, part):
        return False
    return _bill(after) < _bill(plant.setup) or bool(harmful(plant, plant.setup, part))


def main() -> None:
    """Replay some fleets and print the score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--draws", type=int, default=10, help="workloads with nothing planted, in each fleet")
    parser.add_argument("--variant", choices=VARIANTS, default="plain")
    options = parser.parse_args()
    score = Score()
    for seed in range(options.first, options.first + options.seeds):
        dice = random.Random(seed)  # noqa: S311 - a draw, not a secret
        part = dice.uniform(0.45, 0.7)
        every = (*plants(dice), *draws(dice, options.draws))
        planted = {plant.kind.replace(" ", "-"): plant for plant in every}
        with tempfile.TemporaryDirectory() as folder:
            document = scan(planted, part, Path(folder), options.variant)
        found = document["recommendations"]
        assert isinstance(found, list)  # noqa: S101 - the document's own schema
        for one in found:
            print(seed, score.take(one, planted, part))
        spoken = {(one["subject"]["name"], one["rule"]) for one in found}
        for name, plant in planted.items():
            if plant.rules and not any((name, rule) in spoken for rule in plant.rules):
                print(seed, score.miss(name, plant, document))
    print(score)


if __name__ == "__main__":
    main()

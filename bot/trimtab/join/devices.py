"""GPUs as dcgm-exporter saw them over the window: one observation for each GPU or MIG instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trimtab.facts import Series
from trimtab.fleet import Found, GpuObservation, Measure, Node
from trimtab.join.hardware import canonical
from trimtab.join.nodes import full_names
from trimtab.join.readings import GIB, NAN, Key, Readings, label, weighted

_ROW = ("uuid", "gpu_instance", "namespace", "pod")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A row of `gpu_samples`: a GPU while one pod held it, or none."""

    row: Series
    key: Key
    samples: float


class Devices:
    """The rows of DCGM by GPU and by pod; the parent row of a GPU in MIG mode is left out."""

    def __init__(self, readings: Readings, nodes: Sequence[Node]) -> None:
        """Sort the rows; with MIG, instances have rows of their own beside the parent's."""
        self._readings = readings
        self._full = full_names([node.name for node in nodes])
        self._nodes = {node.name: node for node in nodes}
        self._of_gpu: defaultdict[Key, list[_Seen]] = defaultdict(list)
        self._of_pod: defaultdict[Key, list[_Seen]] = defaultdict(list)
        sliced = {label(row, "uuid") for row in readings.rows("gpu_samples") if label(row, "gpu_instance")}
        for row in readings.rows("gpu_samples"):
            uuid, instance = label(row, "uuid"), label(row, "gpu_instance")
            if instance or uuid not in sliced:
                seen = _Seen(row, tuple(label(row, name) for name in _ROW), row.values[0])
                self._of_gpu[uuid, instance].append(seen)
                self._of_pod[label(row, "namespace"), label(row, "pod")].append(seen)

    def count(self, pod: Key) -> int:
        """Return on how many GPUs or MIG instances a pod was seen."""
        return len({seen.key[:2] for seen in self._of_pod.get(pod, ())})

    def observe(self, pods: Iterable[Key]) -> tuple[GpuObservation, ...]:
        """Return the GPUs that these pods ran on, with figures of the time that they held them, ordered by uuid."""
        rows: defaultdict[Key, list[_Seen]] = defaultdict(list)
        for pod in pods:
            for seen in self._of_pod.get(pod, ()):
                rows[seen.key[:2]].append(seen)
        return tuple(self._observation(key, rows[key]) for key in sorted(rows))

    def _observation(self, gpu: Key, rows: Sequence[_Seen]) -> GpuObservation:
        newest = max(rows, key=lambda seen: seen.samples).row
        node = self._full.get(label(newest, "node"), label(newest, "node"))
        known = self._nodes.get(node)
        labelled = known.product if known else None
        tenants = {f"{seen.key[2]}/{seen.key[3]}" for seen in self._of_gpu[gpu] if seen.key[3]}
        return GpuObservation(
            uuid="/".join(part for part in gpu if part),
            node=node,
            product=labelled.value if isinstance(labelled, Found) else canonical(label(newest, "model")),
            pods=tuple(sorted(tenants)),
            busy_avg=self._mean("gpu_busy_avg", rows),
            busy_p95=self._largest("gpu_busy_p95", rows),
            busy_max=self._largest("gpu_busy_max", rows),
            memory_used_max_gib=self._largest("gpu_memory_used_max", rows, 1 / GIB),
            tensor_avg=self._mean("gpu_tensor_avg", rows),
            dram_avg=self._mean("gpu_dram_avg", rows),
            dram_p95=self._largest("gpu_dram_p95", rows),
            power_avg_w=self._mean("gpu_power_avg", rows),
            mig_profile=label(newest, "mig_profile"),
        )

    def _mean(self, signal: str, rows: Sequence[_Seen]) -> Measure:
        """Return the mean over rows, weighted by how often each was seen."""
        return self._readings.found(signal, weighted(self._figures(signal, rows)))

    def _largest(self, signal: str, rows: Sequence[_Seen], factor: float = 1.0) -> Measure:
        figures = [value * factor for value, _ in self._figures(signal, rows)]
        return self._readings.found(signal, max(figures, default=NAN))

    def _figures(self, signal: str, rows: Sequence[_Seen]) -> list[tuple[float, float]]:
        index = self._readings.by(signal, *_ROW)
        return [(one.values[0], seen.samples) for seen in rows for one in index.get(seen.key, ())]

"""What dcgm-exporter would have exported for the demo's GPUs, idle ones included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trimtab.demo.notebook import Notebook
from trimtab.demo.pods import Device, Pod, free_devices
from trimtab.demo.week import Week
from trimtab.demo.world import WEEK_S
from trimtab.facts import pod_stem

_SAMPLES = WEEK_S / 30
_MIB = 2**20
_IDLE_MIB = 4
_RUNTIME_MIB = 900
"""What CUDA and the engine hold beside the share that they were told to use."""
_TENSOR_SHARE = 0.4
"""Tensor pipe activity over engine activity, in decode mostly."""


def note_gpus(book: Notebook, pods: Sequence[Pod], weeks: Mapping[str, Week]) -> None:
    """Note every GPU of every machine."""
    for pod in pods:
        for device in pod.devices:
            _note_busy(book, device, pod, weeks[pod.running.app.name])
    for device in free_devices(pods):
        _note_idle(book, device)
    for (namespace, stem), week in sorted(_stems(pods, weeks).items(), key=lambda item: item[0]):
        book.hourly("gpu_busy_hourly", (hour.gpu_busy for hour in week.hours), namespace=namespace, stem=stem)


def _stems(pods: Sequence[Pod], weeks: Mapping[str, Week]) -> dict[tuple[str, str], Week]:
    """Return the week of each name that pods share."""
    return {(pod.namespace, pod_stem(pod.name)): weeks[pod.running.app.name] for pod in pods}


def _note_busy(book: Notebook, device: Device, pod: Pod, week: Week) -> None:
    """Note a GPU that a pod holds; the engine takes its share of memory at the start, whatever the load."""
    labels = _labels(device) | {"namespace": pod.namespace, "pod": pod.name}
    busy = week.mean(lambda h: h.gpu_busy)
    total = device.machine.gpu_memory_mib
    used = total * pod.running.number("gpu_memory_utilization", 0.9) + _RUNTIME_MIB
    book.note("gpu_samples", _SAMPLES, **labels)
    book.note("gpu_busy_avg", busy, **labels)
    book.note("gpu_busy_p95", week.p95(lambda h: h.gpu_busy), **labels)
    book.note("gpu_busy_max", week.highest(lambda h: h.gpu_busy), **labels)
    book.note("gpu_tensor_avg", busy * _TENSOR_SHARE, **labels)
    book.note("gpu_dram_avg", week.mean(lambda h: h.dram_busy), **labels)
    book.note("gpu_dram_p95", week.p95(lambda h: h.dram_busy), **labels)
    book.note("gpu_memory_used_max", min(used, total) * _MIB, **labels)
    book.note("gpu_memory_total", total * _MIB, **labels)
    machine = device.machine
    book.note("gpu_power_avg", machine.idle_w + busy * (machine.full_w - machine.idle_w), **labels)


def _note_idle(book: Notebook, device: Device) -> None:
    """Note a GPU that no pod holds."""
    labels = _labels(device)
    book.note("gpu_samples", _SAMPLES, **labels)
    for signal in ("gpu_busy_avg", "gpu_busy_p95", "gpu_busy_max", "gpu_tensor_avg", "gpu_dram_avg", "gpu_dram_p95"):
        book.note(signal, 0, **labels)
    book.note("gpu_memory_used_max", _IDLE_MIB * _MIB, **labels)
    book.note("gpu_memory_total", device.machine.gpu_memory_mib * _MIB, **labels)
    book.note("gpu_power_avg", device.machine.idle_w, **labels)


def _labels(device: Device) -> dict[str, str]:
    """Return the labels of a GPU."""
    return {"uuid": device.uuid, "node": device.machine.name, "model": device.machine.dcgm_model}

"""A small fleet and findings about it, for prices and plans."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.join.small import Small, config, hours, serving
from trimtab.config import Config
from trimtab.fleet import Fleet, Scalar, Serving
from trimtab.price import Prices, Pricing, price
from trimtab.rule import Change, Finding, Footprint, Layer, Option, Subject

H100 = "NVIDIA-H100-80GB-HBM3"
L40S = "NVIDIA-L40S"
L4 = "NVIDIA-L4"
CHEAP = "provider,region,gpu,usd_per_gpu_hour\naws,us-east-1,NVIDIA-H100-80GB-HBM3,6.88\naws,,NVIDIA-L40S,1.86\n"


@dataclass
class World:
    """Nodes, workloads and a price file."""

    prices: Prices = field(default_factory=Prices)
    small: Small = field(default_factory=Small)
    servings: list[Serving] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)

    def workload(self, name: str, node: str, replicas: int = 1, gpus: int = 1, **settings: Scalar) -> None:
        """Add a Deployment of the namespace `llm`, declared in Git with these settings."""
        for replica in range(replicas):
            self.small.pod(f"{name}-7c9d8f6b5d-xbb{'zwvtsrqpnm'[replica]}2", node, gpus=gpus)
        self.small.add("pods_hourly", hours(replicas), namespace="llm", stem=name)
        self.small.add("workload_replicas", replicas, namespace="llm", kind="Deployment", name=name)
        self.servings.append(serving(name, {"gpu_product": "", **settings}))

    @property
    def config(self) -> Config:
        """Return the configuration."""
        return config("eu", **self.options)

    @property
    def fleet(self) -> Fleet:
        """Return the joined fleet."""
        return self.small.fleet(*self.servings)

    def worth(self, *findings: Finding) -> Pricing:
        """Return what findings are worth here."""
        return price(findings, self.fleet, self.prices, self.config)


def about(name: str, kind: str = "Deployment") -> Subject:
    """Return a workload's or a node's subject in the cluster `eu`."""
    return Subject("eu", "" if kind == "Node" else "llm", kind, name)


def option(product: str, gpus: float, confidence: float = 0.9, places: float = 0.0, **sets: Scalar) -> Option:
    """Return a way to act that holds so many GPUs of a product afterwards; `sets` are its changes."""
    changes = tuple(Change(name, "", value) for name, value in sets.items())
    return Option(changes, Footprint(product, gpus), places, "nvidia.com/gpu", (), confidence)


def finding(subject: Subject, before: tuple[str, float], *options: Option, rule: str = "some-rule") -> Finding:
    """Return a finding with these options."""
    return Finding(
        rule=rule,
        layer=Layer.NODE if subject.kind == "Node" else Layer.MODEL,
        subject=subject,
        diagnosis="Something was seen.",
        evidence=(),
        risk="low",
        before=Footprint(*before),
        options=options,
        otherwise="It goes on.",
        more_gpus="More would not help.",
    )

"""The domain: what runs where, what declares it in Git, and what was seen of it.

Every type is frozen. A figure that may be missing is `Found | Unknown`: an absent metric is never a zero.
"""

from trimtab.fleet.cluster import Cluster, Fleet, Gap
from trimtab.fleet.declared import Destination, Location, ObjectRef, Place, Serving, Setting
from trimtab.fleet.found import Found, Measure, Scalar, Unknown
from trimtab.fleet.hardware import GpuObservation, GpuType, Model, Node, Pool, Sharing
from trimtab.fleet.workload import Health, Host, Intent, Scale, Traffic, Wishes, Workload

__all__ = [
    "Cluster",
    "Destination",
    "Fleet",
    "Found",
    "Gap",
    "GpuObservation",
    "GpuType",
    "Health",
    "Host",
    "Intent",
    "Location",
    "Measure",
    "Model",
    "Node",
    "ObjectRef",
    "Place",
    "Pool",
    "Scalar",
    "Scale",
    "Serving",
    "Setting",
    "Sharing",
    "Traffic",
    "Unknown",
    "Wishes",
    "Workload",
]

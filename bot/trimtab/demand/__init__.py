"""What several rules need alike: the demand at the peak, its objective, the proof that a set-up serves it. Pure."""

from trimtab.demand.cases import accounted_tpot_ms, cache_pressed, case_of
from trimtab.demand.cpu import (
    cpu_cores_now,
    cpu_limit_cores,
    cpu_shortage,
    grantable_cores,
    host_bound,
    least_cores,
)
from trimtab.demand.cures import cache_cures, replica_cures
from trimtab.demand.estimates import memory_of
from trimtab.demand.judged import hands_off, owned_by_autoscaler, serves, silence
from trimtab.demand.measures import (
    derived,
    evidence,
    first_unknown,
    gpu_busy_avg,
    gpu_busy_max,
    gpu_power_avg_w,
    known,
    number,
    window,
)
from trimtab.demand.missed import Missed, missed_objective
from trimtab.demand.moves import Move, moves, own_moves
from trimtab.demand.peak import Peak, held_replicas, peak_of
from trimtab.demand.proof import Case, Margins, Misfit, Proof
from trimtab.demand.setup import (
    deployment_of,
    is_slice,
    only_tensor_parallel,
    ranks,
    size,
)
from trimtab.demand.starting import starting_options
from trimtab.demand.wording import (
    Tried,
    at_most,
    change,
    footprint,
    gpu_name,
    model_name,
    no_proof,
    option,
    peak_evidence,
    product_of,
    try_moves,
)

__all__ = [
    "Case",
    "Margins",
    "Misfit",
    "Missed",
    "Move",
    "Peak",
    "Proof",
    "Tried",
    "accounted_tpot_ms",
    "at_most",
    "cache_cures",
    "cache_pressed",
    "case_of",
    "change",
    "cpu_cores_now",
    "cpu_limit_cores",
    "cpu_shortage",
    "deployment_of",
    "derived",
    "evidence",
    "first_unknown",
    "footprint",
    "gpu_busy_avg",
    "gpu_busy_max",
    "gpu_name",
    "gpu_power_avg_w",
    "grantable_cores",
    "hands_off",
    "held_replicas",
    "host_bound",
    "is_slice",
    "known",
    "least_cores",
    "memory_of",
    "missed_objective",
    "model_name",
    "moves",
    "no_proof",
    "number",
    "only_tensor_parallel",
    "option",
    "own_moves",
    "owned_by_autoscaler",
    "peak_evidence",
    "peak_of",
    "product_of",
    "ranks",
    "replica_cures",
    "serves",
    "silence",
    "size",
    "starting_options",
    "try_moves",
    "window",
]

"""vramcalc's inference estimate; it knows one GPU and no quantised weights."""

import json

from answers import GIB, Answer, CannotAnswerError, Case, answer_all
from vramcalc import estimate


def answer(case: Case) -> Answer:
    """Answer for one GPU and half precision; the cache is what its other parts leave of the budget."""
    config = json.loads((case.folder / "config.json").read_text(encoding="utf-8"))
    if case.ranks > 1 or case.args.get("quantization") or config.get("quantization_config"):
        raise CannotAnswerError("several GPUs, or a quantised checkpoint")
    found = estimate(str(case.folder / "config.json"), dtype="bf16", batch=1, seq_len=case.length, attn_impl="flash")
    budget = case.utilisation * case.gpu_memory_gib * GIB
    cache = budget - found.weights - found.activations - found.overhead
    return {
        "weights_gib": found.weights / GIB,
        "kv_cache_gib": cache / GIB,
        "fits": found.total + found.overhead <= budget,
    }


if __name__ == "__main__":
    answer_all(answer)

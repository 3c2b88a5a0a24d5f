"""vramcalc's inference estimate; it knows no quantised weights, and one GPU: its figures are divided by the GPUs."""

import json

from answers import GIB, Answer, CannotAnswerError, Case, answer_all
from vramcalc import estimate


def answer(case: Case) -> Answer:
    """Answer for one GPU and half precision; the cache is what its other parts leave of the budget."""
    config = json.loads((case.folder / "config.json").read_text(encoding="utf-8"))
    if case.args.get("quantization") or config.get("quantization_config"):
        raise CannotAnswerError("a quantised checkpoint")
    found = estimate(str(case.folder / "config.json"), dtype="bf16", batch=1, attn_impl="flash")
    budget = case.utilisation * case.gpu_memory_gib * GIB
    weights = found.weights / case.ranks
    cache = budget - weights - found.activations - found.overhead
    asked = estimate(str(case.folder / "config.json"), dtype="bf16", batch=1, seq_len=case.length).kv_cache
    return {"weights_gib": weights / GIB, "kv_cache_gib": cache / GIB, "fits": asked / case.ranks <= cache}


if __name__ == "__main__":
    answer_all(answer)

"""The rule of thumb: parameters x bytes x 1.2, the rest is cache; a token takes as long as reading the weights."""

from answers import GIB, Answer, Case, answer_all

_MARGIN = 1.2
_BYTES = {"fp8": 1.0, "modelopt": 1.0, "nvfp4": 0.5, "mxfp4": 0.5, "int4": 0.5, "awq": 0.5, "gptq": 0.5, "w4a16": 0.5}
_BYTES |= {"bitsandbytes": 0.5, "modelopt_fp4": 0.5, "w8a8": 1.0}
_NAMES = ("nvfp4", "mxfp4", "fp8", "awq", "gptq", "w4a16", "w8a8", "bnb-4bit")


def answer(case: Case) -> Answer:
    """Answer from the number of parameters and the name of the format."""
    named = next((name for name in _NAMES if name in case.model.casefold()), "")
    scheme = str(case.args.get("quantization") or case.weights_scheme or named or _declared(case)).casefold()
    each = _BYTES.get(scheme.replace("bnb-4bit", "bitsandbytes"), 2.0)
    weights = case.parameters * each / GIB / case.ranks
    cache = case.utilisation * case.gpu_memory_gib - weights * _MARGIN
    read_ms = weights * GIB / (case.bandwidth_gb_s * 1e9) * 1e3 if case.bandwidth_gb_s else 0.0
    found: dict[str, float | bool] = {"weights_gib": weights * _MARGIN, "kv_cache_gib": cache, "fits": cache > 0}
    if read_ms:
        found |= {"tpot_ms": read_ms, "output_tokens_per_s": case.load.concurrency / read_ms * 1e3}
    return found


def _declared(case: Case) -> str:
    text = (case.folder / "config.json").read_text(encoding="utf-8")
    return next((name for name in ("mxfp4", "fp8", "awq", "gptq") if f'"{name}"' in text), "")


if __name__ == "__main__":
    answer_all(answer)

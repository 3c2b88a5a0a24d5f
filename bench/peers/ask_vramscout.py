"""vramscout's plan for vLLM, from a model's configuration alone: it counts dense models by itself."""

import vramscout.modern_v06
from answers import Answer, Case, answer_all
from vramscout.modern_v07 import plan_modern

_DTYPES = {
    "fp8": "fp8",
    "nvfp4": "nvfp4",
    "modelopt_fp4": "nvfp4",
    "awq": "int4",
    "gptq": "int4",
    "bitsandbytes": "int4",
}
_OWN = ("Model weights / rank", "CUDA / runtime", "Prefill scratch", "Safety reserve")


def answer(case: Case) -> Answer:
    """Answer from its plan: the cache is what the budget leaves after all that is no cache or state."""
    vramscout.modern_v06._selected_hub_metadata = lambda *_: (None, None)  # noqa: SLF001  # it would ask the Hub
    plan = plan_modern(
        str(case.folder),
        context=case.length,
        weight_dtype=_DTYPES.get(str(case.args.get("quantization", "")), "auto"),
        kv_dtype="fp8" if "fp8" in str(case.args.get("kv_cache_dtype", "")) else "auto",
        tp=case.ranks,
        vram_gib=case.gpu_memory_gib,
        engine="vllm",
        gpu_memory_utilization=case.utilisation,
    )
    cache = plan.memory_budget_gib - sum(plan.parts_gib[name] for name in _OWN)
    return {"weights_gib": plan.parts_gib[_OWN[0]], "kv_cache_gib": cache, "fits": plan.fits}


if __name__ == "__main__":
    answer_all(answer)

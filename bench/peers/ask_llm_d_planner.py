"""llm-d-planner's capacity planner; it counts nothing by itself, so the Hub's count is handed to it and not scored."""

from answers import Answer, Case, answer_all
from planner import capacity_planner
from transformers import AutoConfig


def answer(case: Case) -> Answer:
    """Answer with its own functions, in its own words."""
    config = AutoConfig.from_pretrained(str(case.folder), trust_remote_code=False)
    counted = {"BF16": case.checkpoint_bytes // 2}
    capacity_planner.model_params_by_dtype = lambda *_: counted
    tp, pp = int(case.number("tensor_parallel_size")), int(case.number("pipeline_parallel_size"))
    asked = (case.model, config)
    left = capacity_planner.allocatable_kv_cache_memory(
        *asked, case.gpu_memory_gib, case.utilisation, tp, pp, 1, max_model_len=case.length
    )
    requests = capacity_planner.max_concurrent_requests(
        *asked, case.length, case.gpu_memory_gib, case.utilisation, 1, tp, pp, 1
    )
    return {"kv_cache_gib": left / (tp * pp), "fits": requests >= 1}


if __name__ == "__main__":
    answer_all(answer)

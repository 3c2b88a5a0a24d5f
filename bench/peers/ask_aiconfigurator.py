"""aiconfigurator's single-point estimate, from its operator tables."""

from aiconfigurator.cli.api import cli_estimate
from answers import Answer, CannotAnswerError, Case, answer_all

_SYSTEMS = {
    "NVIDIA-H100-80GB-HBM3": "h100_sxm",
    "NVIDIA-H200": "h200_sxm",
    "NVIDIA-B200": "b200_sxm",
    "NVIDIA-B300": "b300_sxm",
    "NVIDIA-GB200": "gb200",
    "NVIDIA-GB300": "gb300",
    "NVIDIA-A100-SXM4-80GB": "a100_sxm",
    "NVIDIA-L40S": "l40s",
}
_BACKENDS = {"vllm": "vllm", "sglang": "sglang", "tensorrt-llm": "trtllm"}
_GEMM = {"fp8": "fp8", "nvfp4": "nvfp4", "int4": "int4_wo"}
_MOE = {"fp8": "fp8", "nvfp4": "nvfp4", "int4": "int4_wo"}


def answer(case: Case) -> Answer:
    """Answer with its time per token and throughput at the load's concurrency."""
    if not case.load.concurrency or case.gpu not in _SYSTEMS or case.engine not in _BACKENDS:
        raise CannotAnswerError("no load, or a GPU or an engine without tables")
    tp, ep = int(case.number("tensor_parallel_size")), int(case.number("expert_parallel_size"))
    declared = '"quantization_config"' in (case.folder / "config.json").read_text(encoding="utf-8")
    scheme = "" if declared else case.weights_scheme
    found = cli_estimate(
        str(case.folder),
        _SYSTEMS[case.gpu],
        backend_name=_BACKENDS[case.engine],
        isl=case.load.input_tokens,
        osl=case.load.output_tokens,
        batch_size=case.load.concurrency,
        tp_size=tp,
        moe_tp_size=max(1, tp // ep),
        moe_ep_size=ep,
        gemm_quant_mode=_GEMM.get(scheme),
        moe_quant_mode=_MOE.get(scheme),
    )
    return {"tpot_ms": found.tpot, "output_tokens_per_s": found.tokens_per_second}


if __name__ == "__main__":
    answer_all(answer)

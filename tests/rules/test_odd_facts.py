"""Any mixture of missing, zero, huge and infinite figures gives verdicts, never a rule that failed."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.building import _GPU, _SEEN, cluster_of
from trimtab.judge import judge_cluster, load_rules, settings_of

RULES = load_rules()
SETTINGS = settings_of(RULES, {})
COMPARED = ("below", "above", "context")

odd_figures = st.sampled_from([None, 0, 1e-9, 0.5, 1, 7, 1e9, float("inf"), float("nan")])
odd_settings = st.fixed_dictionaries(
    {},
    optional={
        "tensor_parallel_size": st.sampled_from([0, 1, 2, 3, "auto", "-1"]),
        "max_model_len": st.sampled_from([0, 1, 8192, "32k", 10**9]),
        "gpu_memory_utilization": st.sampled_from([0, 0.9, 1.5, "most"]),
        "max_num_seqs": st.sampled_from([0, 1, 256, "all"]),
        "kv_cache_dtype": st.sampled_from(["auto", "fp8", ""]),
        "cpu_limit": st.sampled_from(["2", "500m", "two", ""]),
        "gpu_product": st.just("NVIDIA-H100-80GB-HBM3"),
    },
)
described = st.fixed_dictionaries(
    {
        "gpus": st.sampled_from([0, 1, 2, 4]),
        "replicas": st.sampled_from([0, 1, 3]),
        "settings": odd_settings,
        "gpu": st.sampled_from(["NVIDIA-H100-80GB-HBM3", "Tesla-T4", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", ""]),
        "model": st.sampled_from(["meta-llama/Llama-3.1-8B-Instruct", "deepseek-ai/DeepSeek-R1", "acme/secret-9b"]),
        "engine": st.sampled_from(["vllm", "sglang", "ollama", ""]),
        "intent": st.sampled_from(["chat", "batch", "embedding", "training", "unknown"]),
        "live": st.booleans(),
    },
    optional={name: odd_figures for name in (*_SEEN, *_GPU) if name != "replicas"},
)
nodes = st.fixed_dictionaries(
    {},
    optional={
        "gpus": st.sampled_from([0, 1, 8]),
        "replicas_per_gpu": st.sampled_from([0, 1, 4]),
        "sharing": st.sampled_from(["whole", "mig", "time-sliced"]),
        "requested_avg": odd_figures,
        "cpu_cores": odd_figures,
        "cpu_requested": odd_figures,
        "cpu_busy_p95": odd_figures,
        "requested": st.just({}),
    },
)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(workload=described, node=nodes)
def test_no_facts_break_a_rule(workload: dict[str, object], node: dict[str, object]) -> None:
    """Whatever the facts, every rule answers, and every finding is whole."""
    pools = [{"gpu": "NVIDIA-L40S"}, {"gpu": "NVIDIA-H100-80GB-HBM3"}]
    cluster = cluster_of({"workload": workload, "nodes": [node], "pools": pools})

    verdicts = judge_cluster(cluster, RULES, SETTINGS)

    assert [silence.reason for silence in verdicts.silences if "the rule failed" in silence.reason] == []
    for finding in verdicts.findings:
        assert all(0 <= option.confidence <= 1 for option in finding.options)
        assert all(evidence.compared in COMPARED for evidence in finding.evidence)
        assert all(option.after.gpus >= 0 for option in finding.options)

"""The shapes that objects of a cluster come in, one file each, as they stand or as a chart writes them."""

from __future__ import annotations

from trimtab.manifest.shapes import (
    aibrix,
    dynamo,
    embedding_server,
    job_set,
    kaito,
    kserve,
    kubeai,
    llm_inference_service,
    llmaz,
    llmkube,
    lws,
    model_booster,
    model_service,
    model_serving,
    nim,
    ome,
    ray_cluster,
    ray_service,
    rbg,
    seldon,
    vllm_runtime,
    workload,
)
from trimtab.manifest.shapes.shape import Shape

OBJECTS: tuple[Shape, ...] = (
    workload.SHAPE,
    job_set.SHAPE,
    lws.SHAPE,
    rbg.SHAPE,
    aibrix.SHAPE,
    model_serving.SHAPE,
    model_booster.SHAPE,
    model_service.SHAPE,
    ray_cluster.SHAPE,
    ray_service.SHAPE,
    kserve.SHAPE,
    llm_inference_service.SHAPE,
    ome.SHAPE,
    kubeai.SHAPE,
    kaito.SHAPE,
    nim.SHAPE,
    dynamo.SHAPE,
    vllm_runtime.SHAPE,
    embedding_server.SHAPE,
    llmkube.SHAPE,
    llmaz.SHAPE,
    seldon.SHAPE,
)
"""Asked in this order; the first that knows an object has it."""

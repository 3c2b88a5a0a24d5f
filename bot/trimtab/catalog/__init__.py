"""Models, GPUs, MIG profiles and prices: data and look-ups."""

from trimtab.catalog.gpus import all_gpus, bare_product, find_gpu, find_mig, mig_profiles, whole_product
from trimtab.catalog.instances import instance_gpus
from trimtab.catalog.models import find_model, model_names
from trimtab.catalog.prices import rate
from trimtab.catalog.repacks import with_scheme

__all__ = [
    "all_gpus",
    "bare_product",
    "find_gpu",
    "find_mig",
    "find_model",
    "instance_gpus",
    "mig_profiles",
    "model_names",
    "rate",
    "whole_product",
    "with_scheme",
]

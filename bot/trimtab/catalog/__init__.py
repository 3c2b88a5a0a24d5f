"""Models, GPUs, MIG profiles and prices: data and look-ups."""

from trimtab.catalog.folder import read_model
from trimtab.catalog.gpus import all_gpus, bare_product, find_gpu, find_mig, mig_profiles, whole_product
from trimtab.catalog.hub import Away, fetch_model
from trimtab.catalog.instances import instance_gpus
from trimtab.catalog.models import find_model, model_names
from trimtab.catalog.prices import cheapest_rate, rate
from trimtab.catalog.repacks import with_scheme

__all__ = [
    "Away",
    "all_gpus",
    "bare_product",
    "cheapest_rate",
    "fetch_model",
    "find_gpu",
    "find_mig",
    "find_model",
    "instance_gpus",
    "mig_profiles",
    "model_names",
    "rate",
    "read_model",
    "whole_product",
    "with_scheme",
]

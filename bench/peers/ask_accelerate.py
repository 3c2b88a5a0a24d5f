"""accelerate's estimate-memory: the model without weights, and its size in the type it is kept in."""

from functools import cache

import torch
import transformers
from accelerate import init_empty_weights
from accelerate.utils import calculate_maximum_sizes
from answers import GIB, Answer, CannotAnswerError, Case, answer_all

_HALF = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def answer(case: Case) -> Answer:
    """Answer with the total size; it knows no quantised checkpoint and nothing of the engine."""
    if case.args.get("quantization"):
        raise CannotAnswerError("a quantised checkpoint")
    return {"weights_gib": total_bytes(str(case.folder)) / GIB / case.ranks}


@cache
def total_bytes(folder: str) -> int:
    """Return the bytes of a model that is made without its weights."""
    config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
    if getattr(config, "quantization_config", None):
        raise CannotAnswerError("a quantised checkpoint")
    name = (config.architectures or [""])[0]
    kind = getattr(transformers, name, None) or transformers.AutoModelForCausalLM
    make = kind.from_config if hasattr(kind, "from_config") else kind._from_config  # noqa: SLF001  # its command does so
    with init_empty_weights(include_buffers=True):  # on no device from the start
        model = make(config, dtype=_HALF.get(str(config.dtype).removeprefix("torch."), torch.bfloat16))
    total, _ = calculate_maximum_sizes(model)
    return int(total)


if __name__ == "__main__":
    answer_all(answer)

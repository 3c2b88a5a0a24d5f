"""Storage formats of weights: bytes of a matrix with its scales."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from trimtab.estimate.config import ConfigError


@dataclass(frozen=True, slots=True)
class Format:
    """How one matrix is stored.

    Attributes:
        name: For messages and for the arithmetic of a step: `plain`, `fp8_block`, `int4`, `nvfp4` …
        bits: Bits of one weight; 0 for the model's own type.
        group: Input columns (of one row) that share a scale; 0 for one scale a row.
        scale_bytes: Bytes of one scale.
        zero_bits: Bits of one zero point; 0 where the weights are symmetric.
        idle_zero_bits: Bits of one zero point that a checkpoint stores though its weights are symmetric (GPTQ).
        block: Rows that share a scale, with `group` columns; 1 otherwise.
        per_tensor: Whether one scale serves the whole matrix.
    """

    name: str
    bits: float = 0
    group: int = 0
    scale_bytes: float = 0
    zero_bits: float = 0
    idle_zero_bits: float = 0
    block: int = 1
    per_tensor: bool = False

    def tensors(self, rows: int, columns: int, dtype_bytes: int) -> tuple[int, ...]:
        """Return the bytes of the matrix and of its scales with zero points, each a tensor of its own."""
        if not self.bits:
            return (rows * columns * dtype_bytes,)
        weight = int(rows * columns * self.bits / 8)
        if self.per_tensor:
            return (weight,)
        groups = -(-columns // self.group) if self.group else 1
        scales = -(-rows // self.block) * groups
        return (weight, int(scales * (self.scale_bytes + self.zero_bits / 8)))


def plain() -> Format:
    """Unquantised: the model's own type."""
    return Format("plain")


def integer(bits: int, group: int, *, zeros: bool, idle_zeros: bool = False) -> Format:
    """Integer weights with a 16-bit scale for each group, and zero points where asked (AWQ, GPTQ, W4A16)."""
    name = "int8" if bits == _BYTE else "int4"
    return Format(name, bits, group, 2, bits if zeros else 0, bits if idle_zeros and not zeros else 0)


def kept(form: Format, family: str, *, vllm: bool) -> Format:
    """Return a format as the kernel of a GPU family keeps it.

    Hopper's kernel (Machete) turns zero points into 16-bit values and leaves a symmetric checkpoint's idle ones where
    they are; the others' (Marlin) keeps the packed ones and drops the idle.
    Source: vLLM 0.33, kernels/linear/mixed_precision/machete.py and marlin.py, `process_weights_after_loading`.
    """
    if not vllm or not (form.zero_bits or form.idle_zero_bits):
        return form
    if family == "hopper":
        return replace(form, zero_bits=16 if form.zero_bits else form.idle_zero_bits, idle_zero_bits=0)
    return replace(form, idle_zero_bits=0)


_BYTE = 8
_FORMATS = {
    "fp8_tensor": Format("fp8", 8, per_tensor=True),
    "fp8_channel": Format("fp8", 8, 0, 4),
    "fp8_block": Format("fp8_block", 8, 128, 4, block=128),
    "mxfp8": Format("fp8", 8, 32, 1),
    "int8": Format("int8", 8, 0, 4),
    "nvfp4": Format("nvfp4", 4, 16, 1),
    "mxfp4": Format("mxfp4", 4, 32, 1),
    "bnb": Format("bnb", 4, 64, 1 + 4 / 256),
    "bnb_single": Format("bnb", 4, 64, 4),
}
"""Group and scale sizes. FP8 block: DeepSeek V3's 128 x 128 with FP32 scales. NVFP4: 16 with an FP8 scale; MXFP4 and
MXFP8: 32 with an E8M0 scale (OCP MX 1.0). bitsandbytes 0.48: 64, doubly quantised to 8 bits in blocks of 256."""
_ALSO = {
    "fp8": "fp8_tensor",
    "fp8_pb_wo": "fp8_block",
    "fp8_per_channel_per_token": "fp8_channel",
    "fbgemm_fp8": "fp8_channel",
    "ptpc_fp8": "fp8_channel",
    "modelopt": "fp8_tensor",
    "modelopt_fp4": "nvfp4",
    "w4a16_nvfp4": "nvfp4",
    "w4a8_nvfp4_fp8": "nvfp4",
    "nvfp4_awq": "nvfp4",
    "experts_int8": "int8",
    "w8a8_sq_per_channel": "int8",
    "bitsandbytes": "bnb",
    "bnb_4bit": "bnb",
    "quark": "mxfp4",
}
_GGUF_BITS = {
    "Q2_K": 2.9, "Q3_K_S": 3.5, "Q3_K_M": 3.9, "Q3_K_L": 4.27, "Q4_0": 4.5, "Q4_1": 5.0, "Q4_K_S": 4.58, "Q4_K_M": 4.85,
    "Q5_0": 5.5, "Q5_1": 6.0, "Q5_K_S": 5.54, "Q5_K_M": 5.69, "Q6_K": 6.56, "Q8_0": 8.5, "F16": 16,
    "BF16": 16, "F32": 32,
}  # fmt: skip
"""Mean bits of one weight of a whole file; the `_K_S/_M/_L` mixes from llama.cpp, tools/quantize/README.md (b6500)."""


def by_name(name: str) -> Format:
    """Return a format by the name that engines and makers use.

    Raises:
        ConfigError: The name is unknown.
    """
    key = re.sub(r"[-\s]", "_", name.lower())
    known = _FORMATS.get(_ALSO.get(key, key))
    if known is None:
        raise ConfigError(f"quantisation {name!r} is not known")
    return known


def gguf(kind: str) -> Format:
    """Return a GGUF file's mean format.

    Raises:
        ConfigError: The kind is not named or unknown: one model has files of very different sizes.
    """
    bits = _GGUF_BITS.get(kind.upper())
    if bits is None:
        raise ConfigError(
            f"GGUF quantisation {kind or 'without a type'} is not known; name the file's type, such as Q4_K_M"
        )
    return Format("gguf", bits, per_tensor=True)

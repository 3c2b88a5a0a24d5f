"""What a deployment loads beside the model itself: adapters' slots, a draft, and encoders unless they are left out."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.settings import Settings


@dataclass(frozen=True, slots=True)
class Extras:
    """Settings that add to the weights or take from them.

    Attributes:
        lora_slots: Adapters that have room on the GPU at once; 0 without LoRA.
        lora_rank: Largest rank of an adapter.
        language_only: Whether encoders of images and sound are left out.
        speculative_json: The text of `--speculative-config`; empty without.
    """

    lora_slots: int = 0
    lora_rank: int = 16
    language_only: bool = False
    speculative_json: str = ""


def read_extras(values: Settings) -> Extras:
    """Return what the settings say.

    Raises:
        ConfigError: A value is out of bounds.
    """
    return Extras(
        lora_slots=values.whole("max_loras", 1, 1, 1 << 12) if values.flag("enable_lora") else 0,
        lora_rank=values.whole("max_lora_rank", 16, 1, 4096),
        language_only=values.flag("language_model_only"),
        speculative_json=values.text("speculative_config"),
    )

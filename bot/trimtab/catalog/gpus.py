"""GPUs by any of their names, and MIG slices of them."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from trimtab.catalog.gpu_words import words_of
from trimtab.fleet import Found, GpuType, Unknown

_DATA = Path(__file__).parent / "data" / "gpus"
FILES = ("datacenter", "workstation", "other")
"""The parts of the table, in the order in which GPUs are listed."""
_MIG_SUFFIX = re.compile(r"[-_ ]MIG[-_ ](?P<profile>\d+g\.\d+gb\S*)$", re.IGNORECASE)
_SHARED_SUFFIX = re.compile(r"[-_ ]SHARED$", re.IGNORECASE)
_PROFILE = re.compile(r"^(?:mig-)?(?P<slices>\d+)g\.(?P<gb>\d+)gb(?:[.+-].*)?$", re.IGNORECASE)
_MIG_RESERVE_GIB = 0.15
"""What a slice has less than its eighths of the whole: NVIDIA MIG user guide r580, the instance profiles of A100 and
H100 (1g.10gb 9.50 to 9.75, 3g.40gb 39.25 to 39.50 GiB)."""
_NEAR = 0.5
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Card:
    """One entry of the table.

    Attributes:
        gpu: The type.
        aliases: Its other names.
        profiles: Its MIG profiles; the last is the whole GPU.
        model: The words of its model's name, such as `rtx 4090`.
        form: `sxm`, `pcie`, `nvl`, `oam`; empty where it has only one.
        nominal_gb: The size on the label.
        unverified: `memory`, `figures`: what stands on a source that could not be opened.
    """

    gpu: GpuType
    aliases: tuple[str, ...]
    profiles: tuple[str, ...]
    model: str
    form: str
    nominal_gb: int
    unverified: tuple[str, ...]


@lru_cache(maxsize=1024)
def find_gpu(name: str) -> Found[GpuType] | Unknown:
    """Return a GPU by its product label, DCGM `modelName`, cloud's accelerator or short name, in any spelling.

    The label's `-SHARED` (time-slicing) is the whole card; `-MIG-1g.10gb` is that slice of it. `A100` alone is read
    as the 80 GB SXM card. A name that could mean two cards, or that tells a size no such card has, is unknown.
    """
    plain = _SHARED_SUFFIX.sub("", name.strip())
    mig = _MIG_SUFFIX.search(plain)
    whole = _MIG_SUFFIX.sub("", plain)
    card = _by_name().get(_letters(whole)) or _by_words(whole)
    if card is None:
        return Unknown(f"no GPU named {name[:80]!r} is in the catalogue{_meant(whole)}")
    if mig:
        return find_mig(card.gpu, mig["profile"])
    return Found(card.gpu, card.gpu.source)


def bare_product(product: str) -> str:
    """Return a product label without what names a part of the GPU: `-SHARED`, `-MIG-1g.10gb`."""
    return product.strip().removesuffix("-SHARED").partition("-MIG-")[0]


def whole_product(product: str) -> str:
    """Return the catalogue's name of the whole GPU; the bare label where the catalogue has none."""
    bare = bare_product(product)
    known = find_gpu(bare)
    return known.value.name if isinstance(known, Found) else bare


def find_mig(gpu: GpuType, profile: str) -> Found[GpuType] | Unknown:
    """Return the slice `profile` (`1g.10gb`, `mig-3g.40gb`, `1g.10gb+me`) of a whole GPU as a GPU of its own.

    Memory and bandwidth go by memory slices (eighths), compute by compute slices (sevenths; quarters on cards that
    have four, where `slices` is rounded down to sevenths).
    """
    card = _by_name().get(_letters(gpu.name))
    match = _PROFILE.match(profile.strip())
    if card is None or match is None:
        return Unknown(f"{profile!r} is no MIG profile of {gpu.name}")
    short = f"{match['slices']}g.{match['gb']}gb"
    if short not in card.profiles:
        known = ", ".join(card.profiles) or "none"
        return Unknown(f"{gpu.name} has no MIG profile {short}; it has {known}")
    return Found(_slice(card, short, int(match["slices"]), int(match["gb"])), f"{card.gpu.source}; {short} of it")


def mig_profiles(gpu: GpuType) -> tuple[str, ...]:
    """Return the names of a whole GPU's MIG profiles, empty where it has none."""
    card = _by_name().get(_letters(gpu.name))
    return card.profiles if card else ()


def all_gpus() -> tuple[GpuType, ...]:
    """Return every GPU of the catalogue, in its order."""
    return tuple(card.gpu for card in cards())


def _slice(card: Card, short: str, slices: int, nominal_gb: int) -> GpuType:
    whole = card.gpu
    whole_slices, whole_gb = (int(digits) for digits in re.findall(r"\d+", card.profiles[-1]))
    share = min(8, round(8 * nominal_gb / whole_gb)) / 8
    reserve = _MIG_RESERVE_GIB if share < 1 else 0.0
    return replace(
        whole,
        name=f"{whole.name}-MIG-{short}",
        memory_gib=round(whole.memory_gib * share - reserve, 2),
        bandwidth_gb_s=whole.bandwidth_gb_s * share,
        tflops={precision: peak * slices / whole_slices for precision, peak in whole.tflops.items()},
        link_gb_s=0.0,
        slices=slices * 7 // whole_slices,
        source=f"{whole.source}; {short} of it (NVIDIA mig-parted, config-default.yaml)",
    )


def _letters(name: str) -> str:
    """Return a name without case, dashes, blanks and the maker's."""
    return re.sub(r"^nvidia|^amdinstinct", "", re.sub(r"[^a-z0-9]", "", name.casefold()))


def _by_words(name: str) -> Card | None:
    """Return the one card that a name's words mean: of several, the one that the model's name alone stands for."""
    said = words_of(name)
    fitting = [
        card
        for card in cards()
        if tuple(sorted(card.model.split())) == said.model
        and said.form in {"", card.form}
        and said.nominal_gb in {0, card.nominal_gb}
    ]
    if len(fitting) < 2:  # noqa: PLR2004  # one card, or none
        return fitting[0] if fitting else None
    usual = _by_name().get(_letters(fitting[0].model))
    return usual if usual in fitting else None


def _meant(name: str) -> str:
    """Return the nearest names as a question; nothing where none is near."""
    letters = _letters(name)[:60]
    near = difflib.get_close_matches(letters, list(_by_name()), n=3, cutoff=_NEAR) if len(letters) > _FEWEST else []
    names = list(dict.fromkeys(_by_name()[one].gpu.name for one in near))
    return f"; did you mean {' or '.join(names)}?" if names else ""


@cache
def cards() -> tuple[Card, ...]:
    """Return every entry of the table, in its order."""
    found = []
    for part in FILES:
        with (_DATA / f"{part}.toml").open("rb") as file:
            entries = tomllib.load(file)["gpu"]
        found += [
            Card(
                gpu=GpuType(
                    name=entry["name"],
                    memory_gib=entry["memory_gib"],
                    bandwidth_gb_s=entry["bandwidth_gb_s"],
                    tflops=entry["tflops"],
                    link_gb_s=entry["link_gb_s"],
                    compute_capability=entry["compute_capability"],
                    family=entry["family"],
                    source=f"memory: {entry['memory']}; figures: {entry['figures']}",
                ),
                aliases=tuple(entry["aliases"]),
                profiles=tuple(entry.get("mig", ())),
                model=entry["model"],
                form=entry["form"],
                nominal_gb=entry["nominal_gb"],
                unverified=tuple(entry.get("unverified", ())),
            )
            for entry in entries
        ]
    return tuple(found)


@cache
def _by_name() -> Mapping[str, Card]:
    return {_letters(name): card for card in cards() for name in (card.gpu.name, *card.aliases)}

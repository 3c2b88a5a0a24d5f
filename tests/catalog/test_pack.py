"""Packing configurations into the catalogue."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from trimtab.catalog.pack import pack

INDEX = "model\tfile\tkind\tmodel_type\tarchitecture\tquant_method\tsource\tlicence\tdate\n"


def test_packing_is_repeatable_and_keeps_one_expert(tmp_path: Path) -> None:
    """The same folder gives the same bytes; of a layer's experts the list keeps the first; a companion is joined."""
    layers = {f"model.layers.0.mlp.experts.{number}.up_proj": {"quant_algo": "NVFP4"} for number in range(9)}
    (tmp_path / "a.json").write_text(json.dumps({"hidden_size": 8}))
    (tmp_path / "a.hf_quant.json").write_text(json.dumps({"quantization": {"quantized_layers": layers}}))
    rest = "\t\t\t\there\tMIT\t2026-01-01\n"
    lines = f"o/a\ta.json\tconfig{rest}o/a\ta.hf_quant.json\thf_quant_config{rest}"
    (tmp_path / "index.tsv").write_text(INDEX + lines)
    first, second = tmp_path / "1", tmp_path / "2"
    for target in (first, second):
        target.mkdir()
        assert pack(tmp_path, target) == 1
    assert (first / "models.zip").read_bytes() == (second / "models.zip").read_bytes()
    tree = json.loads(zipfile.ZipFile(first / "models.zip").read("o/a"))
    assert list(tree["quantization_config"]["quantized_layers"]) == ["model.layers.0.mlp.experts.0.up_proj"]

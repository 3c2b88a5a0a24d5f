"""Whatever values are laid over one another, `inspect` says what `helm template` makes, and an edit changes that."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.manifest.samples import said
from tests.manifest.test_release_layers import CHART, TEMPLATE, VALUES
from tests.tools import tool
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Tree, edit, inspect

PARTS = (
    *("replicaCount: 2\n", "replicaCount: 5\n", "model: {maxModelLen: 1024}\n", "model: {name: org/b}\n"),
    *("extraArgs: [--max-num-seqs=4]\n", "extraArgs: [--dtype=half, --max-num-seqs=6]\n", "image: {tag: v0.12.0}\n"),
    *("resources: null\n", "resources: {limits: {cpu: null}}\n", "resources: {limits: {nvidia.com/gpu: '4'}}\n"),
    "resources: {limits: null, requests: {cpu: '1'}}\n",
)
SETS = (
    *(("replicaCount", "7"), ("image.tag", "v9"), ("model.maxModelLen", "777"), ("resources.requests.cpu", "3")),
    *(("resources.limits.nvidia\\.com/gpu", "3"), ("extraArgs[0]", "--max-num-seqs=99")),
)
NEW: dict[str, Scalar] = {
    "replicas": 9,
    "max_model_len": 1234,
    "max_num_seqs": 77,
    "model": "org/new",
    "dtype": "bfloat16",
    "cpu_request": "1",
    "gpu_count": 8,
    "engine_version": "v9.9.9",
}
APP = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat}
spec:
  source:
    path: charts/chat
    helm:
      valueFiles: [../../envs/0.yaml, ../../envs/1.yaml]
      valuesObject:
        resources: {limits: {cpu: "2"}}
      parameters:
"""
LAYER = st.lists(st.sampled_from(PARTS), max_size=3, unique_by=lambda part: part.partition(":")[0]).map("".join)


@st.composite
def applications(draw: st.DrawFn) -> dict[str, str]:
    """Return a chart, files of values and an Application that lays them over it, with values of its own."""
    files = {
        "charts/chat/Chart.yaml": CHART,
        "charts/chat/values.yaml": VALUES,
        "charts/chat/templates/chat.yaml": TEMPLATE,
    }
    layers = draw(st.lists(LAYER, max_size=3))
    files |= {f"envs/{number}.yaml": text or "other: 1\n" for number, text in enumerate(layers)}
    named = ", ".join(f"../../envs/{number}.yaml" for number in range(len(layers)))
    own = "".join(f"        {line}\n" for line in draw(LAYER).splitlines())
    sets = draw(st.lists(st.sampled_from(SETS), max_size=2, unique=True))
    files["app.yaml"] = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: chat}\nspec:\n  source:\n"
        f"    path: charts/chat\n    helm:\n      valueFiles: [{named}]\n"
        f"      {draw(st.sampled_from(['valuesObject:', 'values: |']))}\n        other: 2\n{own}      parameters:\n"
        + "".join(f"      - {{name: '{name}', value: '{value}'}}\n" for name, value in sets)
    )
    return files


def built(folder: Path, files: dict[str, str]) -> dict[str, Scalar] | None:
    """Return what the object says that the real tool makes with an Application's layers; None where it makes none."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    head, inline, tail = re.split(r"^      (?:values\w*: *\|?|parameters:)\n", files["app.yaml"], flags=re.MULTILINE)
    (folder / "inline.yaml").write_text(textwrap.dedent(inline))
    layers = [*(folder / path for path in re.findall(r"envs/\d\.yaml", head)), folder / "inline.yaml"]
    command = [tool("helm"), "template", "chat", folder / "charts/chat", *(f"--values={path}" for path in layers)]
    command += [f"--set={name}={value}" for name, value in re.findall(r"name: '(.*)', value: '(.*)'", tail)]
    done = subprocess.run(command, check=False, capture_output=True)
    found = inspect(Tree({"built.yaml": done.stdout})).servings
    return said(found[0]) if found else None


@given(files=applications(), field=st.sampled_from(sorted(NEW)))
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_what_wins_is_what_is_made(files: dict[str, str], field: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files, inline values and parameters read as made; an edit by any name of the serving changes what is made."""
    folder = tmp_path_factory.mktemp("tree")
    before = built(folder, files)
    tree = Tree({path: text.encode() for path, text in files.items()})
    servings = inspect(tree).servings
    of_app = [serving for serving in servings if serving.path == "app.yaml"]
    assume(before is not None)
    assert [said(serving) for serving in of_app] in ([before], [])

    for serving in servings:
        setting = serving.settings.get(field)
        result = edit(tree, serving.subject, {field: NEW[field]}) if setting is not None else None
        assert isinstance(result, EditResult) == (setting is not None and setting.editable)
        if isinstance(result, EditResult):
            after = built(folder, files | {path: data.decode() for path, data in result.files.items()})
            assert after == {**before, field: NEW[field]}


@pytest.mark.parametrize("middle", ["null", "7", "[1]", "{limits: null}", "{limits: 3}"])
def test_what_a_layer_in_the_middle_hides_is_the_chart_s_own_again(middle: str, tmp_path: Path) -> None:
    """A null, or a value of another kind, between two trees hides what values say below it, but not the chart's own."""
    files = {
        "charts/chat/Chart.yaml": CHART,
        "charts/chat/values.yaml": VALUES,
        "charts/chat/templates/chat.yaml": TEMPLATE,
        "envs/0.yaml": "resources: {limits: {nvidia.com/gpu: '4'}, requests: {memory: 9Gi}}\n",
        "envs/1.yaml": f"resources: {middle}\n",
        "app.yaml": APP,
    }
    before = built(tmp_path, files)
    found = inspect(Tree({path: text.encode() for path, text in files.items()})).servings
    assert before is not None
    assert before["gpu_count"] == 1
    assert [said(serving) for serving in found if serving.path == "app.yaml"] == [before]

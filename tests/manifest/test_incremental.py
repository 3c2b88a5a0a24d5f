"""A folder that is inspected again after changes says what it says when all of it is read anew."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT
from trimtab.facts import Unreadable
from trimtab.fleet import Serving
from trimtab.manifest import tree
from trimtab.manifest.incremental import inspect_again
from trimtab.manifest.notebook import Notebook
from trimtab.manifest.share import Portion

_NUMBER = iter(range(1, 1_000_000))
KUSTOMIZATION = "resources: [chat.yaml, {1}]\nnamePrefix: p{0}-\npatches: [{{path: patch.yaml}}]\n"
PATCH = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: chat}}\nspec: {{replicas: {0}}}\n"
CONFIGMAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: flags}}\ndata: {{LEN: '{0}'}}\n"
SCALER = (
    "kind: HorizontalPodAutoscaler\napiVersion: autoscaling/v2\nmetadata: {{name: h}}\n"
    "spec: {{maxReplicas: {0}, scaleTargetRef: {{kind: Deployment, name: chat}}}}\n"
)
APPLICATION = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: app-{0}}}\nspec:\n"
    "  source: {{path: {1}, helm: {{valueFiles: [values-{0}.yaml]}}}}\n  destination: {{name: cluster-{0}}}\n"
)
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: flux-{0}}}\n"
    "spec: {{path: ./{1}, targetNamespace: space-{0}, postBuild: {{substitute: {{LEN: '{0}'}}}}}}\n"
)
RELEASE = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: llm}}\nspec:\n"
    "  chart: {{spec: {{chart: {1}, sourceRef: {{kind: GitRepository}}}}}}\n"
    "  values: {{servingEngineSpec: {{modelSpec: [{{name: a, modelURL: o/m, replicaCount: {0}}}]}}}}\n"
)
VALUES = "servingEngineSpec: {{modelSpec: [{{name: a, modelURL: o/m-{0}, vllmConfig: {{maxModelLen: {0}}}}}]}}\n"
OWN_VALUES = "llm: {{id: o/m-{0}, window: {0}}}\ngpus: 2\n"
TEMPLATE = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: own}}\nspec:\n  template:\n    spec:\n      containers:\n"
    "        - name: s{0}\n          image: vllm/vllm-openai:v0.10.0\n"
    '          args: [--model, "{{{{ .Values.llm.id }}}}", --max-model-len, "{{{{ .Values.llm.window }}}}"]\n'
    "          resources: {{limits: {{nvidia.com/gpu: {{{{ .Values.gpus }}}}}}}}\n"
)
RUNTIME = (
    "apiVersion: serving.kserve.io/v1alpha1\nkind: ServingRuntime\nmetadata: {{name: run}}\n"
    "spec: {{containers: [{{name: kserve-container, image: vllm/vllm-openai:v0.10.0, args: [--max-model-len={0}]}}]}}\n"
)
SERVICE = (
    "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {{name: m{0}}}\n"
    "spec: {{predictor: {{model: {{modelFormat: {{name: vLLM}}, runtime: run, storageUri: hf://o/m}}}}}}\n"
)
FOLDERS = ("base", "apps/a", "apps/b", "clusters/one", "clusters/two/deep", "chart")


def text_of(name: str, number: int, folder: str) -> str:
    """Return what a file of this name may hold."""
    other = FOLDERS[number % len(FOLDERS)]
    up = os.path.relpath(other, folder)
    said = {
        "chat.yaml": DEPLOYMENT.replace("8192", str(number)),
        "open.yaml": DEPLOYMENT.replace('"8192"', '"${LEN}"').replace("8192", "${LEN}"),
        "kustomization.yaml": KUSTOMIZATION.format(number, up),
        "patch.yaml": PATCH.format(number),
        "scaler.yaml": SCALER.format(number),
        "map.yaml": CONFIGMAP.format(number),
        "app.yaml": APPLICATION.format(number, other),
        "flux.yaml": FLUX.format(number, other),
        "release.yaml": RELEASE.format(number, other),
        "values.yaml": (VALUES if number % 3 else OWN_VALUES).format(number),
        "templates/d.yaml": TEMPLATE.format(number),
        "Chart.yaml": f"name: c{number}\nversion: 1.0.0\n",
        "runtime.yaml": RUNTIME.format(number),
        "service.yaml": SERVICE.format(number),
        "broken.yaml": "a: [\n" if number % 2 else "a: 1\n",
        ".env": f"LEN={number}\n",
        "hydrator.metadata": "{}\n",
    }
    return said[name]


NAMES = (
    *("chat.yaml", "open.yaml", "kustomization.yaml", "patch.yaml", "scaler.yaml", "map.yaml", "app.yaml", "flux.yaml"),
    *("release.yaml", "values.yaml", "Chart.yaml", "runtime.yaml", "service.yaml", "broken.yaml", ".env"),
    *("hydrator.metadata", "templates/d.yaml"),
)


def write(root: Path, chance: random.Random) -> None:
    """Write a file, or write it anew."""
    folder, name = chance.choice(FOLDERS), chance.choice(NAMES)
    path = root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(name, chance.randrange(1, 60), folder))
    stamp_ns = next(_NUMBER) * 1_000_000_000 + 7
    os.utime(path, ns=(stamp_ns, stamp_ns))


def edited(root: Path, chance: random.Random) -> None:
    """Write, take away or rename a file."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    act = chance.choice(("write", "write", "write", "remove", "rename"))
    if act == "write" or not paths:
        write(root, chance)
    elif act == "remove":
        chance.choice(paths).unlink()
    else:
        target = root / chance.choice(FOLDERS) / chance.choice(NAMES)
        target.parent.mkdir(parents=True, exist_ok=True)
        chance.choice(paths).replace(target)


def tell(serving: Serving) -> str:
    """Return all that is found of a serving."""
    return repr(serving)


@dataclass(frozen=True)
class Told:
    """What is told, and the notebook that tells it."""

    servings: tuple[str, ...]
    files_read: int
    unreadable: tuple[Unreadable, ...]
    book: Notebook = field(compare=False)


def looked(root: Path, before: Notebook, telling: Callable[[Serving], str] = tell, processes: int = 1) -> Told:
    """Return what is told."""
    book = inspect_again(root, before, telling, processes)
    return Told(tuple(book.servings), book.files_read, tuple(book.unreadable), book)


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what was just written for settled: every write here has a stamp of its own."""
    monkeypatch.setattr("trimtab.manifest.incremental.is_settled", lambda _found, _now: True)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_known_from_before_changes_no_answer(tmp_path: Path, seed: int) -> None:
    """After any edits of any files, what is told with what was kept is what is told without."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(40):
        write(tmp_path, chance)
    told = looked(tmp_path, Notebook.empty())
    for _ in range(12):
        for _ in range(chance.choice((0, 1, 1, 1, 3))):
            edited(tmp_path, chance)
        told = looked(tmp_path, told.book)

        assert told == looked(tmp_path, Notebook.empty())
    assert told.servings


def counted(root: Path, before: Notebook, monkeypatch: pytest.MonkeyPatch) -> tuple[Told, set[str], int]:
    """Return what is told, with the files that were parsed for it and how many servings were told anew."""
    parsed: set[str] = set()
    anew = 0
    parse = tree._parse

    def noting(path: str, data: bytes, *, short: bool) -> object:
        parsed.add(path)
        return parse(path, data, short=short)

    def telling(serving: Serving) -> str:
        nonlocal anew
        anew += 1
        return tell(serving)

    with monkeypatch.context() as patched:
        patched.setattr(tree, "_parse", noting)
        told = looked(root, before, telling)
    return told, parsed, anew


def fleet(root: Path) -> None:
    """Write twenty servings, each with what brings it, far from one another."""
    for number in range(20):
        folder = root / f"team-{number}" / "a" / "b" / "c"
        folder.mkdir(parents=True)
        (folder / "chat.yaml").write_text(DEPLOYMENT.replace("8192", str(number + 1)))
        (folder / "kustomization.yaml").write_text("resources: [chat.yaml]\n")
        (folder / "app.yaml").write_text(APPLICATION.format(number, f"team-{number}/a/b/c"))


@pytest.mark.parametrize(
    ("name", "text", "anew"),
    [
        ("chat.yaml", DEPLOYMENT.replace("8192", "4096"), 1),
        ("kustomization.yaml", "resources: [chat.yaml]\nnamePrefix: x-\n", 1),
        ("app.yaml", APPLICATION.format(77, "team-3/a/b/c"), 1),
        ("note.yaml", "a: 1\n", 0),
    ],
)
def test_a_change_costs_what_rests_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, anew: int
) -> None:
    """A changed serving, kustomization or Application has its own serving told anew, and no other's files parsed."""
    fleet(tmp_path)
    before = looked(tmp_path, Notebook.empty())
    (tmp_path / "team-3/a/b/c" / name).write_text(text)

    told, parsed, number = counted(tmp_path, before.book, monkeypatch)

    assert number == anew
    assert all(path.startswith("team-3/") for path in parsed)
    assert len(told.servings) == 20
    assert (told.servings != before.servings) == bool(anew)


def test_a_renamed_file_is_known_by_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file says by itself is known by its blob id, wherever it lies by now."""
    fleet(tmp_path)
    before = looked(tmp_path, Notebook.empty())
    (tmp_path / "team-4").rename(tmp_path / "team-x")
    monkeypatch.setattr("trimtab.manifest.incremental.FileFacts.read", None)

    told = looked(tmp_path, before.book)

    assert "team-x/a/b/c/chat.yaml" in "".join(told.servings)


def test_a_file_that_may_yet_be_written_unseen_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose stamp is too fresh to tell a later write is not taken for what it was."""
    fleet(tmp_path)
    monkeypatch.setattr("trimtab.manifest.incremental.is_settled", lambda found, _now: "team-5" not in found[0].path)

    book = looked(tmp_path, Notebook.empty()).book

    assert book.settled == 57
    assert book.anew().unread() == [f"team-5/a/b/c/{name}" for name in ("app.yaml", "chat.yaml", "kustomization.yaml")]


def test_processes_tell_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes tell, and keep, what one does."""
    monkeypatch.setattr("trimtab.manifest.incremental._SERVING", Portion(1, 3))
    fleet(tmp_path)
    for number in range(400):
        (tmp_path / f"{number}.yaml").write_text(f"a: {number}\n")

    one, three = (looked(tmp_path, Notebook.empty(), tell, processes) for processes in (1, 3))

    assert one == three
    assert kept(one.book) == kept(three.book)


def kept(book: Notebook) -> list[object]:
    """Return all that a notebook holds."""
    queries = ("select * from files", "select * from contents", "select * from records")
    return [sorted(book.sql.execute(query)) for query in queries]

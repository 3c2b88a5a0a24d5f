"""What other bots' editors broke, by the reports that say so: here the value changes and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from trimtab.errors import UsageError
from trimtab.manifest import EditResult, Refusal, Tree, scalar_edit


@dataclass(frozen=True, slots=True)
class Report:
    """A text that an editor broke, the edit, and the characters that become others."""

    url: str
    text: str
    at: str
    value: str
    old: str
    new: str


def edited(text: str, at: str, value: str) -> str:
    """Return the file's text after the edit."""
    result = scalar_edit(Tree({"f.yaml": text.encode()}), "f.yaml", at, value)
    assert isinstance(result, EditResult), result
    return result.files.get("f.yaml", text.encode()).decode()


GITHUB = "https://github.com"
IMAGE_UPDATER, FLUX = f"{GITHUB}/argoproj-labs/argocd-image-updater", f"{GITHUB}/fluxcd"
REPORTS = [
    Report(f"{IMAGE_UPDATER}/issues/1283", "p: |-\n  a\n\n  b\n\nt: v1\n", "/t", "v2", "t: v1", "t: v2"),
    Report(f"{IMAGE_UPDATER}/issues/884", "image.tag: v0\nimage: {tag: v1}\n", "/image/tag", "v2", "v1", "v2"),
    Report(f"{IMAGE_UPDATER}/issues/884", "image.tag: v0\nimage: {tag: v1}\n", "/image.tag", "v2", "v0", "v2"),
    Report(f"{IMAGE_UPDATER}/issues/501", "b:\n    - x\n    - y: 1\na:\n- z\n", "/a/0", "w", "- z", "- w"),
    Report(f"{IMAGE_UPDATER}/pull/1489", "z: &a {k: 1}   # c\na: *a\nt: v1\n", "/t", "v2", "v1", "v2"),
    Report(f"{IMAGE_UPDATER}/pull/1055", "b: &b {k: 1}\nc:\n  <<: *b   # m\n  t: v1\n", "/c/t", "v2", "v1", "v2"),
    Report(f"{IMAGE_UPDATER}/pull/1734", 'a:   "1"     # x\nt:     "v1"  # y\n', "/t", "1.20", "v1", "1.20"),
    Report(f"{FLUX}/image-automation-controller/issues/117", "a: 1\n\n\nt: v1\n\n# end\n", "/t", "v2", "v1", "v2"),
    Report(f"{FLUX}/image-automation-controller/issues/844", "\n\na: 1\n\nt: v1\n\n\n", "/t", "v2", "v1", "v2"),
    Report(f"{FLUX}/image-automation-controller/issues/528", "s: |\n  a: 'b'\n   c\nt: v1\n", "/t", "v2", "v1", "v2"),
    Report(f"{FLUX}/flux2/issues/1441", "a:\n  t: v1\n  # b:\n  #   c: 1\nd:\n  e: 1\n", "/a/t", "v2", "v1", "v2"),
    Report(f"{FLUX}/flux2/issues/5644", "---\na: v1\n", "/a", "v2", "v1", "v2"),
    Report(
        f"{FLUX}/image-automation-controller/issues/624",
        "- t: v1\n- t: v1\n",
        "/1/t",
        "v2",
        "- t: v1\n- t: v1",
        "- t: v1\n- t: v2",
    ),
    Report(
        f"{GITHUB}/updatecli/updatecli/issues/903",
        "---\na: v1\n---\nb: v1\n...\n---\nc: v1\n",
        "/b,1",
        "v2",
        "b: v1",
        "b: v2",
    ),
    Report(f"{GITHUB}/updatecli/updatecli/issues/1332", "a: &x\n  t: v1\n", "/a/t", "v2", "v1", "v2"),
    Report(
        f"{GITHUB}/dependabot/dependabot-core/issues/16304",
        "a: {tag: v1}\nb: {tag: v1}\n",
        "/b/tag",
        "v2",
        "b: {tag: v1",
        "b: {tag: v2",
    ),
    Report(f"{GITHUB}/mikefarah/yq/issues/515", "a:\n\n    # c\n    t: v1\n\n  # d\n", "/a/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/mikefarah/yq/issues/1883", "r:\n  t: v1\n  # limits:\n  #   cpu: 1\n", "/r/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/mikefarah/yq/issues/524", "t: v1   # keep\n", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/mikefarah/yq/pull/2856", "# a\r\n#\r\n\r\nt: v1\r\nu: 1", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/yaml/go-yaml/issues/337", "s: >\n  a\n  b\n\n\nt: v1\n", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/yaml/go-yaml/issues/416", "# first\n---\na: 1\n# second\n---\nt: v1\n", "/t,1", "v2", "v1", "v2"),
    Report(f"{GITHUB}/yaml/go-yaml/issues/34", "m: {\n  a: 1, # x\n  t: v1 # y\n}\n", "/m/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/go-yaml/yaml/issues/613", "l:\n- # why\n  t: v1\n", "/l/0/t", "v2", "v1", "v2"),
    Report(
        f"{GITHUB}/kubernetes-sigs/kustomize/issues/3587",
        "l:\n# a\n- x # b\n# c\n- v1\n# d\n",
        "/l/1",
        "v2",
        "v1",
        "v2",
    ),
    Report(
        f"{GITHUB}/fjogeleit/yaml-update-action/issues/527",
        "a: 'Y'\nb: 'no'\nc: \"on\"\nt: v1\n",
        "/t",
        "v2",
        "v1",
        "v2",
    ),
    Report(f"{GITHUB}/fjogeleit/yaml-update-action/issues/535", "a: 'on'\n", "/a", "off", "'on'", "'off'"),
    Report(f"{GITHUB}/baloise/gitopscli/pull/153", "a: \"1\"\nb: '2'\nt: 'v1'\n", "/t", "3", "'v1'", "'3'"),
    Report(f"{GITHUB}/kislyuk/yq/issues/203", "mode: 0755\nt: v1\n", "/t", "0644", "v1", '"0644"'),
    Report(f"{GITHUB}/kislyuk/yq/issues/203", "mode: 0755\nt: v1\n", "/mode", "0644", "0755", "0644"),
    Report(f"{GITHUB}/pycontribs/ruyaml/issues/115", "a: 1\n\n# c\n\nt: v1\n", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/ansible/ansible-lint/issues/3395", 'a: "x\n  y" # c\nt: v1\n', "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/apache/buildstream/pull/2046", f"a: {'word ' * 60}end\nt: v1\n", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/usethis-python/usethis-python/issues/109", "a:\n  value\nt:\n  v1\n", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/rstudio/helm/pull/925", "# -- the tag\nt: v1\n\n# -- other\nb: 1\n", "/t", "v2", "v1", "v2"),
    Report(f"{GITHUB}/akuity/kargo/pull/5443", f"i: {{tag: v1, repo: {'x' * 70_000}}}\n", "/i/tag", "v2", "v1", "v2"),
]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.url.removeprefix(GITHUB))
def test_what_others_broke_stays(report: Report) -> None:
    """The one value changes; blank lines, comments, quotes, order, documents and line ends are as they were."""
    assert edited(report.text, report.at, report.value) == report.text.replace(report.old, report.new, 1)


def test_a_hundred_edits_leave_the_rest_as_after_one() -> None:
    """Nothing grows with each run (https://github.com/argoproj-labs/argocd-image-updater/issues/1283)."""
    text = "p: |-\n  a\n\n\n  b\n\n# c\n\nt: v0\n"
    for run in range(1, 101):
        text = edited(text, "/t", f"v{run}")

    assert text == "p: |-\n  a\n\n\n  b\n\n# c\n\nt: v100\n"


def test_two_values_of_one_line_change_one_after_the_other() -> None:
    """The second edit of a line does not undo the first (https://github.com/argoproj-labs/argocd-image-updater/pull/1734)."""
    text = edited(edited("i: {repo: a, tag: v1} # é\n", "/i/repo", "bbb"), "/i/tag", "v2")

    assert text == "i: {repo: bbb, tag: v2} # é\n"


@pytest.mark.parametrize("path", ["../other/values.yaml", "missing.yaml"])
def test_no_file_is_made_or_emptied(path: str) -> None:
    """A file that is not there is refused (https://github.com/argoproj-labs/argocd-image-updater/issues/1004, 1289)."""
    tree = Tree({"f.yaml": b"t: v1\n"})
    try:
        result = scalar_edit(tree, path, "/t", "v2")
    except UsageError:
        return

    assert isinstance(result, Refusal)


@pytest.mark.parametrize(("text", "at"), [("t: v1\nt: v1\n", "/t"), ("a: &a {t: v1}\nb: *a\n", "/b/t")])
def test_what_has_no_one_place_is_refused(text: str, at: str) -> None:
    """Doubled keys and shared values are never guessed at (https://github.com/akuity/kargo, pkg/yaml/yaml.go)."""
    result = scalar_edit(Tree({"f.yaml": text.encode()}), "f.yaml", at, "v2")

    assert isinstance(result, Refusal)


def test_a_template_in_braces_stays_as_it_is_written() -> None:
    """What reads as a mapping of mappings is left alone beside the value (https://yaml.org/spec/1.2.2/#7.4.2)."""
    text = "a: {{ .Values.x }}\nt: v1\n"

    assert edited(text, "/t", "v2") == text.replace("v1", "v2")

from __future__ import annotations

import pytest

from trimtab.config import Config, Mode, build_config, parse_duration
from trimtab.errors import UsageError
from trimtab.manifest import plain

SMALLEST = """\
clusters:
  - name: eu
    prometheus: {url: http://127.0.0.1:9090}
repositories:
  - path: ./gitops
    clusters: [eu]
"""


def build(text: str) -> Config:
    """Return the configuration in a text."""
    data, line_of = plain(text.encode(), "trimtab.yaml")
    return build_config(data, line_of, "trimtab.yaml")


def test_the_smallest_configuration_opens_pull_requests() -> None:
    """What is not given has its documented default: seven days, proposing, no limits."""
    config = build(SMALLEST)

    assert config.mode is Mode.PROPOSE
    assert config.window == 7 * 86400
    assert config.limits.open_pull_requests is None
    assert config.repositories[0].title == "gitops"


@pytest.mark.parametrize(
    ("text", "seconds"), [("7d", 604800), ("36h", 129600), ("500ms", 0.5), ("1h30m", 5400), (90, 90), ("2w", 1209600)]
)
def test_durations(text: object, seconds: float) -> None:
    """A duration is numbers with units, or seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "7 d", "7days", "-1d", "1e3s", True, None])
def test_what_is_no_duration(text: object) -> None:
    """Anything else is refused, not guessed at."""
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("prometheus:", "promtheus:", 3, ["promtheus", "did you mean `prometheus`?"]),
        ("url: http", "uri: http", 3, ["uri", "did you mean `url`?"]),
        ("clusters: [eu]", "clusters: [us]", 1, ["us"]),
        ("path: ./gitops", "pathh: ./gitops", 5, ["pathh", "did you mean `path`?"]),
        ("http://127.0.0.1:9090", "ftp://127.0.0.1", 3, ["url"]),
        ("http://127.0.0.1:9090", "http://user:secret@127.0.0.1", 3, ["url"]),
        ("repositories:", "repositorys:", 4, ["did you mean `repositories`?"]),
    ],
)
def test_mistakes_name_file_line_and_key(old: str, new: str, line: int, words: list[str]) -> None:
    """A wrong key or value names the file, the line, the key and the nearest known key."""
    with pytest.raises(UsageError) as caught:
        build(SMALLEST.replace(old, new, 1))

    said = f"{caught.value.message} {caught.value.hint}"
    assert said.startswith(f"trimtab.yaml:{line}: ")
    assert all(word in said for word in words)
    assert "secret" not in said


@pytest.mark.parametrize("text", ["[]", "text", "", "clusters: []", "clusters: eu"])
def test_other_shapes_are_refused(text: str) -> None:
    """A list, a text or no cluster is no configuration, and says so."""
    with pytest.raises(UsageError, match=r"trimtab\.yaml:1"):
        build(text)


def test_names_must_differ() -> None:
    """Two clusters or two repositories of one name could not be told apart in what is written."""
    twice = SMALLEST.replace("repositories:", "  - name: eu\nrepositories:")
    with pytest.raises(UsageError, match="same name"):
        build(twice)
    with pytest.raises(UsageError, match="same name"):
        build(SMALLEST + "  - path: other/gitops\n")

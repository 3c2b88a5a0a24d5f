from __future__ import annotations

import base64
import json
import math
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from tests.propose import samples
from tests.text.hostile import texts
from tests.text.reading import acts, read
from trimtab.fleet import Found, Model, Unknown
from trimtab.propose import wording
from trimtab.propose.told import Edited, Told
from trimtab.recommendation import Edit, Priced, Proof, Saving
from trimtab.rule import Change, Considered, Evidence, Subject

DIFF = """--- a/apps/chat.yaml
+++ b/apps/chat.yaml
@@ -13 +13 @@
-        nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3 # keep in step with the pool
+        nvidia.com/gpu.product: NVIDIA-L40S # keep in step with the pool
"""
PROOF = Proof("helm 3.18.6 (chart apps/chat)", "-  a\n+  b", 1, 1)
EDIT = Edit("gitops", "apps/chat.yaml", 13, "before", "after", "gpu_product")
EDITED = Edited("gitops", (EDIT,), DIFF, PROOF, "")
encodable = texts.map(lambda text: text.encode("utf-8", "replace").decode())
TAGS = {"p", "br", "table", "thead", "tbody", "tr", "th", "td", "strong", "em", "code", "pre", "ul", "li", "sub"}
TAGS |= {"details", "summary"}


def told(priced: Priced | None = None, edited: Edited = EDITED, hourly: tuple[float, ...] = ()) -> Told:
    """Return the chat workload's recommendation."""
    return Told(priced or samples.priced(), samples.fleet(samples.workload(hourly=hourly)), edited)


def hidden_state(body: str) -> dict[str, object]:
    """Return what the last hidden block holds."""
    data = body.rsplit("<!-- trimtab:v1:", 1)[1].split(" -->", 1)[0]
    state = json.loads(base64.b64decode(data))
    assert isinstance(state, dict)
    return state


def test_the_title_says_who_what_and_how_much() -> None:
    """A title names the workload, the change and the saving."""
    assert wording.title(told()) == "llm/chat-mistral: L40S instead of H100 80GB HBM3, saves $3,660 a month"


def test_a_change_that_costs_names_its_rule() -> None:
    """A change that adds to the bill says so, and why it is proposed."""
    saving = Saving(Decimal("-120.00"), Decimal("-150.00"), Decimal("-90.00"))
    dearer = told(replace(samples.priced(Change("replicas", 2, 3)), saving=saving))
    assert wording.title(dearer) == "llm/chat-mistral: 3 replicas instead of 2, adds $120 a month (oversized-gpu)"
    assert "Adds $120 a month, between $90 and $150." in wording.body(dearer, "f")


def test_an_unknown_price_states_gpu_hours() -> None:
    """Where no price is known the text says so and states the GPU hours; no dollar stands anywhere."""
    unknown = Unknown("no price for NVIDIA-L40S")
    free = replace(samples.priced(), saving=unknown, cost_now=unknown, cost_then=unknown)
    body = wording.body(told(free), "f")
    assert "The price is not known (no price for NVIDIA-L40S)" in body
    assert "730 GPU hours of L40S a month instead of 730 GPU hours of H100 80GB HBM3" in body
    assert "$" not in body.replace('"$(git log', "")


def test_the_body_says_everything_in_order() -> None:
    """A body has the sections in the order in which a reviewer asks."""
    body = wording.body(told(hourly=tuple(10 + 5 * math.sin(hour / 4) for hour in range(168))), "f")
    order = [
        "uses a sixth of the H100",
        "This sets `gpu_product` from `NVIDIA-H100-80GB-HBM3` to `NVIDIA-L40S` in `apps/chat.yaml`",
        "| GPU cost, a month | $5,020 | **$1,360** |",
        "| time per token, p95 | 8 ms | **21 ms** (18 to 25 ms, objective 40 ms) |",
        "**Sure: 94 %.** Saves $3,660 a month, between $3,510 and $3,700.",
        "Less sure because no latency objective is declared.",
        "**If nothing is done:** The GPU stays larger than the traffic. $3,660 more a month.",
        "**If GPUs were added:** The cost doubles",
        "2026-11-07 to 2026-11-14",
        "| KV cache in use, max | 27 % | below 60 % | 7d | query 1 |",
        samples.QUERY,
        "xychart-beta",
        "Also looked at",
        "its KV cache is 75 % short at the peak",
        DIFF.strip(),
        "helm 3.18.6 (chart apps/chat)",
        "one rolling restart",
        "It needs 1 free `nvidia.com/gpu` of `NVIDIA-L40S`; 6 are free, 4 on one node.",
        "git revert --no-edit",
        "`/trimtab explain`",
        "rule `oversized-gpu`",
        "<!-- trimtab:v1:",
    ]
    places = [body.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_the_hidden_block_holds_the_state() -> None:
    """The hidden block tells identity, fingerprint, rule, subject, changes and facts."""
    state = hidden_state(wording.body(told(), "f1"))
    assert state["id"] == samples.priced().id
    assert state["fingerprint"] == "f1"
    assert state["rule"] == "oversized-gpu"
    assert state["facts"] == "sha256:91c2f00d91c2f00d"
    assert state["changes"] == [{"field": "gpu_product", "from": samples.H100, "to": samples.L40S}]


def test_the_commit_message_has_trailers() -> None:
    """A commit message has a short subject, wrapped words and the two trailers at its end."""
    lines = wording.commit_message(told()).splitlines()
    assert lines[0] == "llm/chat-mistral: L40S instead of H100 80GB HBM3"
    assert lines[1] == ""
    assert lines[-2:] == [
        f"Trimtab-Recommendation: {samples.priced().id}",
        "Trimtab-Facts: sha256:91c2f00d91c2f00d",
    ]
    assert max(map(len, lines)) <= 72


def test_scaling_restarts_nothing() -> None:
    """A change of the replica count alone is not called a restart."""
    body = wording.body(told(samples.priced(Change("replicas", 2, 1))), "f")
    assert "the others are not restarted" in body
    assert "rolling restart" not in body


def test_a_refusal_says_what_to_do_by_hand() -> None:
    """A recommendation whose edit was refused says why, and what to set by hand."""
    refused = Edited("gitops", (), "", Unknown("no edit was made"), "the value is computed by a shell")
    body = wording.body(told(edited=refused), "f")
    assert "**No edit was made:** the value is computed by a shell" in body
    assert "- `gpu_product` to `NVIDIA-L40S`" in body
    assert "git revert" not in body


def test_too_long_a_body_is_cut_at_a_sections_border() -> None:
    """A body that would be too long leaves spare sections out, says so, and keeps its state."""
    long = Edited("gitops", (EDIT,), DIFF * 2000, replace(PROOF, rendered_diff="+ x\n" * 30_000), "")
    body = wording.body(told(edited=long), "f")
    assert len(body.encode("utf-16-le")) // 2 < 65_536
    assert "would make this text too long" in body
    assert hidden_state(body)["id"] == samples.priced().id
    assert body.count("<details>") == body.count("</details>")


def test_an_hour_without_samples_draws_no_chart() -> None:
    """A chart is drawn only from hours that were recorded."""
    assert "mermaid" not in wording.body(told(hourly=(math.nan,) * 168), "f")
    assert "mermaid" not in wording.body(told(hourly=(0.0,) * 168), "f")


@settings(max_examples=150, deadline=None)
@given(encodable, encodable, encodable)
def test_no_name_escapes(first: str, second: str, third: str) -> None:
    """Hostile text in every field becomes no tag, mention, link, forged state, heading or extra section."""
    found = samples.priced(Change("model", first, second), Change("gpu_product", second, third), diagnosis=first)
    finding = replace(
        found.finding,
        subject=Subject(first, second, "Deployment", third),
        rule=third,
        evidence=(Evidence(first, 1.0, second, 2.0, "below", third, f"{first}({second})"),),
        otherwise=second,
        more_gpus=third,
        advice=first,
    )
    option = replace(found.option, doubts=(first, third))
    hostile = replace(
        found, finding=finding, option=option, rate_source=second, considered=(Considered(first, second),)
    )
    edit = replace(EDIT, path=first or "p")
    proof = Proof(third, f"+{first}", 1, 1)
    workload = replace(samples.workload(), model=Found(Model(first, "{}")), namespace=second, name=third, cluster=first)
    fleet = replace(samples.fleet(workload), facts_digest=second)
    one = Told(hostile, fleet, Edited(first, (edit,), f"--- a\n+++ b\n+{first}\n-{second}", proof, ""))
    body = wording.body(one, "f")
    page = read(body)
    assert page.tags <= TAGS
    assert not acts(body)
    assert not [pair for pair in page.attributes if pair[0] != "class"]
    assert [comment.split(":")[0].strip() for comment in page.comments] == ["trimtab"]
    assert hidden_state(body)["id"] == hostile.id
    assert "\n" not in wording.title(one)
    message = wording.commit_message(one)
    trailers = message.rstrip("\n").rsplit("\n\n", 1)[1].splitlines()
    assert [line.split(":")[0] for line in trailers] == ["Trimtab-Recommendation", "Trimtab-Facts"]

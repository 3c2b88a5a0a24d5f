"""The sections of a pull request's text, each from its template."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from trimtab import __version__
from trimtab.fleet import Intent, Pool, Unknown, Workload
from trimtab.propose import rows
from trimtab.propose.assemble import Section, fit
from trimtab.propose.chart import load_chart
from trimtab.propose.told import Told
from trimtab.recommendation import Proof, Saving
from trimtab.text.markdown import Md, link, prose
from trimtab.text.names import gpu
from trimtab.text.numbers import HOURS_A_MONTH, money, number, percent
from trimtab.text.templates import markdown_templates

COMMANDS: tuple[tuple[str, str], ...] = (
    ("/trimtab explain", ""),
    ("/trimtab snooze 30d", ""),
    ("/trimtab dismiss", "REASON"),
    ("/trimtab recheck", ""),
)
"""What a comment on the pull request can ask for, with the words that the writer adds."""

_SCALING = frozenset({"replicas", "min_replicas", "max_replicas"})


def _render(name: str, context: Mapping[str, object]) -> str:
    return markdown_templates().get_template(f"pull-request/{name}").render(context)


def _lead(told: Told) -> Section:
    paths = tuple(dict.fromkeys(edit.path for edit in told.edited.edits))
    finding = told.priced.finding
    context = {
        "diagnosis": prose(finding.diagnosis, told.names),
        "changes": told.changes,
        "advice": prose(finding.advice, told.names) if finding.advice else "",
        "paths": paths[:3],
        "more_paths": len(paths[3:]),
        "cluster": told.subject.cluster,
        "undoes": told.priced.reverts_url,
        "link": link,
    }
    return Section("summary", _render("lead.md.j2", context))


def _cost(told: Told) -> Section:
    finding, option = told.priced.finding, told.priced.option
    moves = finding.before != option.after
    context = {
        "now": rows.holding(finding.before),
        "then": rows.holding(option.after),
        "moves": moves,
        "rows": (*([rows.cost_row(told.priced)] if moves else []), *map(rows.prediction_row, option.predictions)),
        "sure": percent(option.confidence),
        "doubts": option.doubts,
        "worth": worth(told),
        "experience": told.priced.experience,
    }
    return Section("cost table", _render("cost.md.j2", context))


def worth(told: Told) -> str:
    """Return what the change is worth a month, with its range, as a sentence without its full stop."""
    saving = told.priced.saving
    if told.priced.finding.before == told.priced.option.after or (isinstance(saving, Saving) and not saving.monthly):
        return "The bill stays as it is"
    if isinstance(saving, Unknown):
        return f"The price is not known ({saving.reason}); {hours(told)}"
    verb, low, high = ("Saves", saving.low, saving.high) if saving.monthly > 0 else ("Adds", -saving.high, -saving.low)
    if money(low) == money(high):
        return f"{verb} {money(abs(saving.monthly))} a month"
    return f"{verb} {money(abs(saving.monthly))} a month, between {money(low)} and {money(high)}"


def hours(told: Told) -> str:
    """Return the GPU hours that a month frees or takes."""
    before, after = told.priced.finding.before, told.priced.option.after
    if before.product != after.product and before.gpus and after.gpus:
        taken = (f"{number(one.gpus * HOURS_A_MONTH)} GPU hours of {gpu(one.product)}" for one in (after, before))
        return " a month instead of ".join(taken)
    freed = told.priced.gpu_hours
    return f"{'frees' if freed >= 0 else 'takes'} {number(abs(freed))} GPU hours a month"


def _otherwise(told: Told) -> Section:
    finding, saving = told.priced.finding, told.priced.saving
    costs = isinstance(saving, Saving) and saving.monthly > 0
    context = {
        "otherwise": prose(finding.otherwise, told.names) if finding.otherwise else "",
        "lost": money(saving.monthly) if isinstance(saving, Saving) and costs else "",
        "more_gpus": prose(finding.more_gpus, told.names) if finding.more_gpus else "",
    }
    return Section("alternatives", _render("otherwise.md.j2", context))


def _evidence(told: Told) -> Section:
    seen = rows.seen_rows(told.priced.finding.evidence)
    prices = told.priced.rate_source
    context = {
        "prices": prices if prices != rows.price_basis(told.priced) else "",
        "rows": seen,
        "queries": rows.queries_to_paste(seen),
        "chart": load_chart(told.workload),
        "window": told.window,
        "intent": _intent(told),
        "namespace": told.subject.namespace,
        "stem": told.subject.name,
    }
    return Section("evidence", _render("evidence.md.j2", context), 4)


def _intent(told: Told) -> str:
    """Return what the workload was taken to be for, and whether a person said so."""
    if isinstance(told.workload, Unknown) or not told.workload.live:
        return ""
    wishes = told.workload.wishes
    if wishes.intent_declared:
        return f"{wishes.intent.value}, as declared"
    said = "not known" if wishes.intent is Intent.UNKNOWN else f"{wishes.intent.value}, inferred"
    return f"{said}; the annotation trimtab.dev/intent declares it"


def _considered(told: Told) -> Section:
    listed = [(prose(one.name, told.names), prose(one.reason, told.names)) for one in told.priced.considered]
    return Section("what else was looked at", _render("considered.md.j2", {"considered": listed}), 2)


def _edit(told: Told) -> Section:
    edited = told.edited
    paths = {edit.path for edit in edited.edits}
    context = {
        "diff": edited.diff,
        "values": _count(len(told.changes), "value"),
        "files": _count(len(paths), "file"),
        "refused": prose(edited.refused, told.names) if edited.refused else "",
        "changes": told.changes,
    }
    return Section("diff", _render("edit.md.j2", context), 3)


def _proof(told: Told) -> Section:
    proof = told.edited.proof
    known = isinstance(proof, Proof)
    context = {
        "tool": proof.tool if isinstance(proof, Proof) else "",
        "fields": _count(proof.fields, "field") if isinstance(proof, Proof) else "",
        "objects": _count(proof.objects, "object") if isinstance(proof, Proof) else "",
        "rendered": proof.rendered_diff if isinstance(proof, Proof) else "",
        "reason": "" if known else proof.reason if isinstance(proof, Unknown) else "",
        "edited": bool(told.edited.edits),
    }
    return Section("rendered diff", _render("proof.md.j2", context), 1)


def _risk(told: Told) -> Section:
    workload, pool, option = told.workload, told.pool, told.priced.option
    fields = {change.field for change in told.changes}
    context = {
        "risk": told.priced.finding.risk,
        "restarts": bool(fields - _SCALING),
        "pool": pool if isinstance(pool, Pool) and pool.capacity_known else None,
        "free": number(pool.free) if isinstance(pool, Pool) else "",
        "largest": number(pool.largest_free) if isinstance(pool, Pool) else "",
        "needed": number(option.places_needed) if option.places_needed else "",
        "surge": isinstance(workload, Workload)
        and isinstance(pool, Pool)
        and pool.largest_free < workload.gpus_per_pod,
        "objective": any(not math.isnan(prediction.limit) for prediction in option.predictions),
        "id": told.priced.id,
        "edited": bool(told.edited.edits),
    }
    return Section("risk", _render("risk.md.j2", context))


def _commands(told: Told) -> Section:
    del told
    return Section("commands", _render("commands.md.j2", {"commands": COMMANDS}))


def _footer(told: Told) -> str:
    context = {
        "version": __version__,
        "rule": told.priced.finding.rule,
        "id": told.priced.id,
        "facts": told.fleet.facts_digest[:19],
    }
    return _render("footer.md.j2", context)


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


SECTIONS: tuple[Callable[[Told], Section], ...] = (
    _lead,
    _cost,
    _otherwise,
    _evidence,
    _considered,
    _edit,
    _proof,
    _risk,
    _commands,
)
"""In the order in which a reviewer asks: what, how much, what else, why, what exactly, how safe, how back."""


def body(told: Told, state: Md) -> str:
    """Return the whole text, below 65,536 characters, ending with the hidden state."""
    return fit([*(section(told) for section in SECTIONS), Section("footer", _footer(told)), Section("state", state)])

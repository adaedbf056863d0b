"""The words of `org explain`."""

from collections.abc import Sequence

from org.comms import rungs
from org.comms.figures import table
from org.lab.screen import page as screen_page
from org.lab.verdicts.explain import Look, Page, Row
from org.model.experiment import Claim
from org.science.explain import Explanation

REFRESHED = (
    "Some of the values of the last look have been replaced since, so the steps below differ from it in their last digits; "
    "the recorded look above is the verdict."
)

NO_RUN = "It has no run of a race yet: nothing was decided on numbers."


def page(found: Page) -> str:
    """Everything, in the order in which one would check it."""
    e = found.experiment
    better = "lower" if found.lower_is_better else "higher"
    claim = f"simplify, margin {e.margin:g}" if e.claim is Claim.SIMPLIFY else "improve"
    parts = [
        f"# {e.id} · {e.subject}",
        f"{e.state.value}{': ' + e.reason if e.reason else ''}\n"
        f"program {e.program}, by {e.author}; claim {claim}; {found.metric}, {better} is better",
    ]
    if found.explanation is None:
        return "\n\n".join([*parts, *_screen(found), *_looks(found.looks), NO_RUN, *_label(found)])
    parts += [*_screen(found), *_runs(found.rows)]
    parts += _looks(found.looks)
    if not found.restored:
        parts.append(REFRESHED)
    parts += _steps(found.explanation, found.lower_is_better)
    parts += [rungs.text(found.larger, found.metric)] if found.larger else []
    parts += found.sections
    parts += [*_label(found), "## What would change it\n\n" + "\n".join(f"- {s}" for s in _ahead(found))]
    return "\n\n".join(parts)


def _screen(found: Page) -> list[str]:
    return screen_page.text(found.screen, found.lower_is_better) if found.screen else []


def _runs(rows: Sequence[Row]) -> list[str]:
    names = {"base": "The pool of its base", "candidate": "The candidate", "recheck": "Re-check on the moved head"}
    head = ("slot", "run", "seed", "device", "value", "")
    return [
        f"## {name}\n\n" + table(head, [_run(r) for r in rows if r.arm == arm])
        for arm, name in names.items() if any(r.arm == arm for r in rows)
    ]  # fmt: skip


def _run(row: Row) -> Sequence[object]:
    left = "" if row.counts or row.note or row.arm == "recheck" else "not part of the last look"
    return row.slot, row.run, row.seed, row.device or "–", "–" if row.value is None else f"{row.value:.7g}", row.note or left


def _looks(looks: Sequence[Look]) -> list[str]:
    if not looks:
        return []
    head = ("look", "runs", "base", "gain", "z", "pair z", "bar", "e_pool", "e_pair", "e", "needs", "bar or e", "verdict")
    return ["## Every look\n\n" + table(head, [_look(number, look) for number, look in enumerate(looks, 1)])]


def _look(number: int, look: Look) -> Sequence[object]:
    pair = "–" if look.pair_z is None else f"{look.pair_z:.3f}"
    return (
        f"{number} {look.kind}", look.candidate_runs, look.base_runs, f"{look.gain:+.6g}", f"{look.z:.3f}", pair, f"{look.bar:g}",
        f"{look.e_pool:.4g}", f"{look.e_pair:.4g}", f"{look.e:.4g}", f"{look.needed:g}",
        "met" if look.met else "missed", look.verdict,
    )  # fmt: skip


def _steps(found: Explanation, lower_is_better: bool) -> list[str]:
    sign = 1 if lower_is_better else -1
    parts = []
    if not lower_is_better:
        parts.append("Values enter negated, so that lower is better.")
    if found.pairs:
        rows = [(p.slot, f"{sign * p.base:.7g}", f"{sign * p.candidate:.7g}", f"{p.gain:+.6g}") for p in found.pairs]
        parts.append("## Same-seed pairs\n\n" + table(("slot", "base", "candidate", "gain"), rows))
    if found.steps:
        steps = [(s.symbol, s.formula, f"{s.value:.6g}") for s in found.steps]
        parts.append("## The arithmetic of the last look\n\n" + table(("", "how", "value"), steps))
    d = found.decision
    parts.append(
        f"A keep needs e ≥ {found.needed:g}: it is {d.e:.4g}. Gain {d.gain:+.6g} ± {d.se:.2g}; after shrinking "
        f"{d.shrunk_gain:+.6g}, P(no gain) {d.p_not_positive:.2g}."
    )
    return parts


def _label(found: Page) -> list[str]:
    e, told = found.experiment, found.experiment.label_detail
    if not e.label and not told:
        return []
    said = [e.label or "no label", *(str(told[key]) for key in ("reason",) if told.get(key))]
    numbers = [f"{key} {value:.6g}" for key, value in told.items() if isinstance(value, float)]
    return ["## At equal compute\n\n" + ": ".join(said) + ("\n" + ", ".join(numbers) if numbers else "")]


def _ahead(found: Page) -> Sequence[str]:
    assert found.explanation is not None
    ahead = found.explanation.outlook
    if found.lower_is_better or not ahead.sentences:
        return ahead.sentences
    return [*ahead.sentences, "(in values negated for a metric where higher is better)"]

"""The README card of a publication. Every number comes from a run, a decision or a certificate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from org import __version__
from org.comms.figures import gain, plural, quoted, span, table
from org.lab.lab import Lab
from org.lab.publish.facts import REPEATS_WORTH, Facts, Shown, arm, effective_tokens
from org.lab.spend.spending import amount
from org.model.experiment import Claim
from org.model.run import Run
from org.science import sigma

SOURCES = 20  # of the training text, that the card names
TOLD = (  # keys of a record with a place of their own
    "flops", "tokens", "parameters", "epochs", "energy_joules", "versions", "device_model", "dtype", "attention", "threads",
    "recipe", "seed", "steps", "train_seconds", "total_seconds", "loss", "tok_per_sec", "timed_steps", "status", "reason",
    "schema", "checkpoint_digest", "budget", "device", "outside", "peak_memory_mb", "data_order_digest",
)  # fmt: skip


def render(lab: Lab, facts: Facts, files: Sequence[tuple[str, str]]) -> str:
    """files: name and what it is."""
    e = facts.experiment
    parts = [f"# {e.subject}", _standing(facts), _claim(lab, facts), _certificate(lab, facts), _label(facts)]
    parts += ["## Loss against compute\n\n![Loss against compute, with the baseline's curve](compute.svg)"]
    parts += [_words(facts), _runs(lab, facts), _spent(facts), _data(facts), _versions(lab, facts)]
    parts += [_reproduce(lab, facts), "## Files\n\n" + table(("file", "what it is"), [(f"`{n}`", what) for n, what in files])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _standing(facts: Facts) -> str:
    if facts.is_finding:
        return ""
    return (
        f"> **Not a finding.** {facts.experiment.id} is {facts.experiment.state.value.replace('_', ' ')}: it is in its program's "
        f"head, and what may be claimed of it: {facts.line.claim}. It was published all the same, on request."
    )


def _claim(lab: Lab, facts: Facts) -> str:
    e, task = facts.experiment, lab.config.task
    better = "lower" if task.direction == "lower" else "higher"
    scale = f" Scale: {facts.line.scale}." if facts.line.scale else ""
    claim = f"**Claim:** {facts.line.claim}.{scale}" if facts.is_finding else "**Claim:** none."
    return (
        f"{claim}\n\nThe metric is `{task.metric}` ({better} is better); gains are positive when the change is better. "
        f"Experiment {e.id} of lab {lab.config.lab}, program {e.program}, by {e.author}, merge number {facts.line.merge}, "
        f"+{e.lines_added} −{e.lines_removed} lines."
    )


def _certificate(lab: Lab, facts: Facts) -> str:
    if facts.certificate is None:
        return "## Certificate\n\nNone: no fresh runs have tested it."
    told = facts.certificate.outcome
    old, new = arm(facts, "base", False), arm(facts, "change", False)
    passed = "reached" if told.get("certified") else "not reached"
    rows = [
        ("gain on fresh seeds", f"{gain(told['gain'])} ± {told['se']:.4f}", "standard error; these runs selected nothing"),
        ("to quote", gain(told["shrunk_gain"]), "the same, shrunk towards zero"),
        ("P(no gain)", _chance(told["p_not_positive"]), "posterior"),
        ("e-value", f"{told['e']:.4g}", f"needed {told['needed']:.4g}: {passed}"),
        ("before, after", f"{_mean(old)}, {_mean(new)}", f"means of {len(old)} and {plural(len(new), 'run')}"),
    ]
    rate = lab.protocol.certificate.rate
    why = (
        f"The e-value that is needed grows with the number of merges and falls with certificates given (e-LOND, Xu & Ramdas "
        f"2024), so that at most {rate:.0%} of this lab's certificates are expected to be false."
    )
    return "## Certificate\n\n" + table(("", lab.config.task.metric, ""), rows) + f"\n\n{why}"


def _chance(p: float) -> str:
    """Below a millionth the model of the noise is what may be wrong."""
    return f"{p:.2g}" if p >= 1e-6 else "under 1e-6"


def _mean(found: Sequence[Run]) -> str:
    values = [r.metric for r in found if r.metric is not None]
    return f"{sigma.mean(values):.4f}" if values else "–"


def _label(facts: Facts) -> str:
    e = facts.experiment
    said = e.label_detail.get("reason") or "It was not matched for compute."
    return f"## Label: {e.label or 'none'}\n\n{said[0].upper()}{said[1:]}"


def _words(facts: Facts) -> str:
    e = facts.experiment
    kind = f"not worse by more than {e.margin:g}" if e.claim is Claim.SIMPLIFY else "better"
    return f"## In its author's words\n\n{quoted(e.because)}\n\nPredicted ({kind}):\n\n{quoted(e.predict)}"


def _runs(lab: Lab, facts: Facts) -> str:
    head = ("run", "arm", "seed", lab.config.task.metric, "steps", "device", "training", "log")
    fresh = [s for s in facts.shown if not s.selected]
    raced = [s for s in facts.shown if s.selected]
    parts = ["## Runs"]
    if fresh:
        parts += ["Fresh seeds, which selected nothing:", table(head, [_run(facts, s) for s in fresh])]
    if raced:
        parts += ["The runs that selected it; their difference flatters it:", table(head, [_run(facts, s) for s in raced])]
    return "\n\n".join(parts)


def _run(facts: Facts, shown: Shown) -> Sequence[object]:
    r = shown.run
    value = "–" if r.metric is None else f"{r.metric:.6f}"
    seconds = _time(r.train_seconds) if r.train_seconds else "–"
    log = f"[runs/{r.id}](runs/{r.id})" if r.id in facts.logged else "not kept"
    return r.id, shown.arm, r.seed, value, r.record.get("steps", "–"), r.device or "–", seconds, log


def _spent(facts: Facts) -> str:
    cost = facts.cost
    money = "devices have no price in the lab's config" if cost.device_dollars is None else f"${cost.device_dollars:.2f}"
    rows = [
        ("runs", cost.runs, "candidate runs, re-checks and the certificate's; baselines are everybody's"),
        ("training FLOPs", "not recorded" if cost.flops is None else f"{cost.flops:.4g}", "of those that succeeded"),
        ("device time", _time(cost.device_hours * 3600), money),
        ("energy", "not recorded" if cost.energy_joules is None else f"{cost.energy_joules / 3.6e6:.3f} kWh", ""),
        ("model calls", f"{amount(cost.call_tokens)} tokens",
         f"${cost.call_dollars:.2f} where priced; of its author while it was open"),
    ]  # fmt: skip
    return "## What it cost\n\n" + table(("", "", ""), rows)


def _data(facts: Facts) -> str:
    record = _newest(facts, "change")
    rows: list[tuple[object, ...]] = []
    tokens = effective_tokens(record)
    if tokens is not None:
        seen, unique, worth = tokens
        rows.append(("tokens of a run", f"{seen:.4g}", f"{record['epochs']:.3g} epochs"))
        rows.append(("unique tokens", f"{unique:.4g}", ""))
        rows.append(("effective tokens", f"{worth:.4g}", f"repeats worth less, R* = {REPEATS_WORTH} (arXiv 2305.16264)"))
    elif isinstance(record.get("tokens"), int | float):
        rows.append(("tokens of a run", f"{record['tokens']:.4g}", "how often the corpus repeats is not recorded"))
    rows += [(key, _short(value), "what makes two values comparable") for key, value in facts.fingerprint.items()]
    more = {k: v for k, v in record.items() if k not in TOLD and k not in facts.fingerprint and not isinstance(v, dict | list)}
    rows += [(key, _short(value), "by the task's record") for key, value in more.items()]
    parts = [table(("", "", ""), rows) if rows else "The task records nothing about its data.", _mixture(facts.corpus)]
    return "## Data\n\n" + "\n\n".join(part for part in parts if part)


def _mixture(corpus: dict[str, Any]) -> str:
    """What the training text was made of, by the data.json of the task's preparation."""
    request = corpus.get("request")
    named = request.get("corpus") if isinstance(request, dict) else None
    told = f"Corpus: `{Path(str(named)).name}`." if named else ""
    sources = [s for s in corpus.get("sources") or () if isinstance(s, dict) and isinstance(s.get("tokens"), int | float)]
    whole = sum(s["tokens"] for s in sources)
    if not whole:
        return told
    body = [(f"`{s.get('name')}`", s.get("documents", "–"), amount(s["tokens"]), f"{s['tokens'] / whole:.1%}") for s in sources]
    more = [(f"{len(body) - SOURCES} more", "", "", "")] if len(body) > SOURCES else []
    found = table(("file", "documents", "tokens", "share"), [*body[:SOURCES], *more])
    return f"{told} The training text, by file; the rest is in `data.json`:\n\n{found}".lstrip()


def _versions(lab: Lab, facts: Facts) -> str:
    record, old = _newest(facts, "change"), _newest(facts, "base")
    rows: list[tuple[str, object, object]] = [
        (key, _short(old.get(key, "–")), _short(record.get(key, "–")))
        for key in ("parameters", "flops", "tokens", "steps", "peak_memory_mb", "tok_per_sec") if key in record
    ]  # fmt: skip
    versions = record.get("versions") if isinstance(record.get("versions"), dict) else {}
    told = [f"{name} {value}" for name, value in (versions or {}).items()]
    told += [str(record[key]) for key in ("device_model", "dtype", "attention") if record.get(key)]
    told += [f"org {__version__}", f"organization {facts.organization[:12]}"] if facts.organization else [f"org {__version__}"]
    parts = ["## Versions\n\n" + ", ".join(told)]
    if rows:
        parts.append("One run of each arm:\n\n" + table(("", "base", "change"), rows))
    return "\n\n".join(parts)


def _reproduce(lab: Lab, facts: Facts) -> str:
    counted = [s for s in facts.shown if not s.selected] or list(facts.shown)
    seconds = sum(s.run.total_seconds or 0.0 for s in counted)
    return (
        "## Reproduce\n\n```sh\nsh reproduce.sh      # with a number: only the first so many seeds of each arm\n```\n\n"
        f"It unpacks `base.tar.gz`, applies `change.patch` to a copy, runs both on the published seeds and compares with the "
        f"published values: {plural(len(counted), 'run')}, {_time(seconds)} of one device. It needs `git`, `tar`, and a Python "
        "(`PYTHON=…`) with the versions above."
    )


def _newest(facts: Facts, name: str) -> dict[str, Any]:
    found = arm(facts, name, False) or arm(facts, name, True)
    return found[-1].record if found else {}


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else span(seconds)


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"

"""What a sweep says: its page, growing by a line a trial, and its letter with the best few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from org.agents.offline.recipe import Value
from org.comms.figures import metric, plural, table
from org.model.run import Run, State
from org.model.study import Study
from org.science import luck

BEST = 3
NEVER_KEEPS = (
    "A sweep never keeps: it screened these values once each, on one seed, at a short budget. Propose the winner: set it on "
    "your branch, commit, `org propose …`; the race at the full budget decides."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One choice of values, numbered from 1. gain: over the base on the same seed, positive is better."""

    number: int
    values: Mapping[str, Value]
    run: Run | None
    gain: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """base: the base's value on the trials' seed, as the task reports it; sigma: between base_runs runs of the base."""

    metric: str
    base: float | None
    sigma: float | None
    base_runs: int
    trials: tuple[Trial, ...]

    @property
    def best(self) -> list[Trial]:
        """The best few that beat the base, the best first."""
        better = [t for t in self.trials if t.gain is not None and t.gain > 0]
        return sorted(better, key=lambda t: t.gain or 0.0, reverse=True)[:BEST]

    def in_sigma(self, trial: Trial) -> float | None:
        return trial.gain / self.sigma if trial.gain is not None and self.sigma else None


def subject(study: Study, found: Result) -> str:
    """`S3 swept lr, decay: best of 12 lr 0.5, decay 0.01 (+0.0123, 5.1σ)`"""
    keys = ", ".join(study.plan["space"])
    if found.base is None:
        return f"{study.id}: the base itself does not run at {study.plan['budget']}; nothing was swept"
    if not found.best:
        return f"{study.id} swept {keys}: none of {plural(len(found.trials), 'trial')} beats the base"
    best = found.best[0]
    return f"{study.id} swept {keys}: best of {len(found.trials)} {_values(best)} ({_gain(found, best)})"


def letter(study: Study, found: Result) -> str:
    """The best few, how much of it luck may be, and what to do with it."""
    parts = [_setting(study, found)]
    if found.base is None:
        return f"{parts[0]}\n\nIts runs: `org sweep {study.id}`."
    if found.best:
        parts.append(_table(found, found.best))
        parts.append(
            f"By luck alone the best of {len(found.trials)} looks up to {luck.best_of(len(found.trials)):.1f}σ better than it is."
        )
    else:
        parts.append("No value beats the base: that is a result, too.")
    return "\n\n".join([*parts, NEVER_KEEPS, f"All trials: `org sweep {study.id}`."])


def page(study: Study, found: Result) -> str:
    """The page of a sweep, as far as it is."""
    state = study.reason or study.state.value
    head = f"# {study.id} · sweep of {', '.join(study.plan['space'])} in {study.subject} for {study.plan['agent']}"
    body = _table(found, found.trials) if found.trials else "No trial has begun yet."
    return "\n\n".join([head, state, _setting(study, found), body, NEVER_KEEPS]) + "\n"


def _setting(study: Study, found: Result) -> str:
    plan = study.plan
    spread = f"; σ {found.sigma:.2g} between {plural(found.base_runs, 'run')} of it" if found.sigma else ""
    failed = sum(t.gain is None and t.run is not None and not _waits(t.run) for t in found.trials)
    lost = f", {failed} of them without a value" if failed else ""
    return (
        f"{len(found.trials)} of {plan['trials']} trials{lost} at {plan['budget']} a run, from commit {plan['commit'][:10]} "
        f"({_values_of(plan['head'])}). The base on their seed: {found.metric} {metric(found.base)}{spread}."
    )


def _table(found: Result, trials: Sequence[Trial]) -> str:
    return table(("trial", "values", found.metric, "gain", "in σ", "run"), [_row(found, trial) for trial in trials])


def _row(found: Result, trial: Trial) -> Sequence[object]:
    run, sized = trial.run, found.in_sigma(trial)
    end = "–" if run is None else run.id if run.state is State.SUCCEEDED else f"{run.id} {run.state.value} {run.reason}".strip()
    gain = "–" if trial.gain is None else f"{trial.gain:+.4f}"
    return trial.number, _values(trial), metric(run.metric if run else None), gain, "–" if sized is None else f"{sized:+.1f}", end


def _gain(found: Result, trial: Trial) -> str:
    sized = found.in_sigma(trial)
    return f"{trial.gain:+.4f}" + (f", {sized:+.1f}σ" if sized is not None else "")


def _values(trial: Trial) -> str:
    return _values_of(trial.values)


def _values_of(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in values.items())


def _waits(run: Run) -> bool:
    return run.state in (State.QUEUED, State.RUNNING)

"""`python -m trainer compute --runs DIR …`: a table of runs and the curve through them, or one JSON line."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer.measure import compute
from trainer.measure.errors import TrainerError

_LINE = "{:24} {:>5} {:>6} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9}"
_HEADER = _LINE.format("run", "depth", "seed", "FLOPs", "tokens", "bpb", "off curve", "loss", "seconds")


def add(commands: Any) -> None:
    """Add the command to the trainer's."""
    parser = commands.add_parser("compute", help="loss against compute, from any runs that were evaluated")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="run folders")
    parser.add_argument("--json", action="store_true", help="one JSON line instead of the table")
    parser.set_defaults(call=_compute)


def _compute(given: argparse.Namespace) -> None:
    found = compute.points(given.runs)
    try:
        curve, why = compute.fit([p.flops for p in found], [p.bpb for p in found]), None
    except TrainerError as error:
        curve, why = None, str(error)
    told = _told(found, curve) | {"no_curve": why, "differing": compute.differing(found)}
    print(json.dumps(told) if given.json else _table(told))


def _told(found: Sequence[compute.Point], curve: compute.Curve | None) -> dict[str, Any]:
    rows = []
    for point in found:
        record = point.record
        row = {"run": str(point.run), "depth": record["depth"], "seed": record["seed"], "flops": point.flops}
        row |= {"tokens": record["tokens"], "parameters": record["parameters"], "bpb": point.bpb}
        row |= {"residual": point.bpb - curve(point.flops) if curve else None, "train_loss": point.train_loss}
        rows.append(row | {"train_seconds": record["train_seconds"]})
    law = None
    if curve:
        law = {"floor": curve.floor, "floor_fitted": curve.fitted, "exponent": curve.exponent, "at": curve.at}
        law |= {"bpb_at": curve.bpb_at, "residual_sd": curve.residual}
    return {"schema": 1, "runs": rows, "curve": law}


def _table(told: dict[str, Any]) -> str:
    lines = [_HEADER]
    for row in told["runs"]:
        off = "" if row["residual"] is None else f"{row['residual']:+.4f}"
        numbers = (f"{row['flops']:.3g}", f"{row['tokens']:,}", f"{row['bpb']:.4f}", off, f"{row['train_loss']:.4f}")
        name = "/".join(Path(row["run"]).parts[-2:])[-24:]
        lines.append(_LINE.format(name, row["depth"], row["seed"], *numbers, f"{row['train_seconds']:.1f}"))
    lines.append(_law(told["curve"], len(told["runs"])) if told["curve"] else f"no curve: {told['no_curve']}")
    for name, values in told["differing"].items():
        some = ", ".join(str(value)[:16] for value in values[:4])
        lines.append(f"runs differ in {name}: {some}{' …' if len(values) > 4 else ''}")
    return "\n".join(lines)


def _law(law: dict[str, Any], runs: int) -> str:
    how = "fitted" if law["floor_fitted"] else f"taken as {compute.FLOOR:g} of the lowest"
    curve = f"bpb = {law['floor']:.4f} + {law['bpb_at'] - law['floor']:.4f} · (FLOPs / {law['at']:.3g})^-{law['exponent']:.3f}"
    return f"{curve}; residual sd {law['residual_sd']:.4f} over {runs} runs; floor {how}"

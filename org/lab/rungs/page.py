"""A promotion in words: hours, dollars and the evidence they buy; the question to the person."""

from org.comms.figures import gain as signed
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.lab.rungs.forecast import Forecast
from org.model.study import Study
from org.science.ladder import Step


def cost(forecast: Forecast) -> str:
    """`about 3.1 device-hours ($7.75), at most 4.2`."""
    price = "" if forecast.dollars is None else f" (${forecast.dollars:.2f})"
    most = "" if forecast.most_dollars is None else f" (${forecast.most_dollars:.2f})"
    return f"about {hours(forecast.device_hours)} device-hours{price}, at most {hours(forecast.most_device_hours)}{most}"


def rows(lab: Lab, forecast: Forecast) -> list[tuple[str, str]]:
    """What it takes and what that buys, each number with its source."""
    f = forecast
    devices = f"{f.devices} devices at once" if f.devices > 1 else "1 device"
    runs = f"{f.base_runs} of the base, {f.runs:.3g} of the change as expected, {f.most_runs} at most; {devices} each"
    found = [
        ("runs", runs),
        ("a run", f"{f.run_seconds.number:.0f} s ({f.run_seconds.source})"),
        ("cost", cost(f) + ("" if f.dollars is not None else "; device_dollars_per_hour is not set")),
        ("takes", f"about {hours(f.hours)} h on {len(lab.devices)} devices, if nothing else runs"),
    ]
    return [*found, *_evidence(f)]


def question(lab: Lab, study: Study, step: Step, forecast: Forecast) -> str:
    """What a person needs for a yes."""
    told = "\n".join(f"- {name}: {words}" for name, words in rows(lab, forecast))
    limit = lab.config.protocol.promote_cost
    return (
        f"{study.subject} to {ladder.named(lab, study.plan['rung'])}: {step.reason}.\n\n{told}\n\n"
        f"It may cost more than protocol.promote_cost ({limit:g} device-hours), so it waits for you: `org approve {study.id}` "
        f"runs it, `org refuse {study.id}` does not. Nothing else waits for this."
    )


def hours(value: float) -> str:
    """0.012, 3.1, 290."""
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _evidence(f: Forecast) -> list[tuple[str, str]]:
    if not f.sigma.value:
        return [("buys", "nobody knows: the run-to-run noise was not measured yet")]
    found = [
        ("noise there", f"σ {f.sigma.value:.2g}, {f.sigma.source}"),
        ("seen there", f"{_seen(f.seen_half)} half of the time, {_seen(f.seen_most)} four times in five"),
    ]
    if f.gain is not None and f.chance is not None:
        here = f"the gain measured here ({signed(f.gain)} after shrinking)"
        found.append(("buys", f"{here} would be seen there with {f.chance:.0%}"))
    return found


def _seen(gain: float | None) -> str:
    return "nothing that was played" if gain is None else f"a gain of {gain:.2g}"

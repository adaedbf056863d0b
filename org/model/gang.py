"""Devices that one run has at once, as one name: cuda:0-7, cpu:0,2. A run on one device has that device's name."""

from collections.abc import Iterable


def named(devices: Iterable[str]) -> str:
    """The name of these devices of one kind, in the order of their numbers."""
    kinds, numbers = zip(*sorted((kind, int(number)) for kind, number in (name.split(":") for name in devices)), strict=True)
    stretches: list[list[int]] = []
    for number in numbers:
        if stretches and number == stretches[-1][-1] + 1:
            stretches[-1].append(number)
        else:
            stretches.append([number])
    told = (str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in stretches)
    return f"{kinds[0]}:{','.join(told)}"


def members(name: str | None) -> tuple[str, ...]:
    """The devices of a name, one or several; () for None. What is no name of devices is one device called so."""
    if not name:
        return ()
    kind, _, numbers = name.partition(":")
    if not numbers or not all(part.isdigit() for part in numbers.replace("-", ",").split(",")):
        return (name,)
    found: list[str] = []
    for stretch in numbers.split(","):
        first, _, last = stretch.partition("-")
        found += [f"{kind}:{number}" for number in range(int(first), int(last or first) + 1)]
    return tuple(found)

"""Notebook pages follow the ledger: whatever changed is written again, whole."""

from collections.abc import Iterable

from org.comms import notebook
from org.lab.lab import Lab
from org.store import atomic
from org.store.tables import EVENTS, EXPERIMENTS


def write(lab: Lab, experiments: Iterable[str]) -> None:
    """Write these pages."""
    for id in experiments:
        text = notebook.render(lab.ledger.reader, id, lab.config.task.metric, lab.sign)
        atomic.write_text(lab.layout.page(id), text)


def touched(lab: Lab, after: int) -> tuple[set[str], int]:
    """The experiments that events after that id speak of, and the newest id."""
    ids: set[str] = set()
    for event in EVENTS.select(lab.ledger.reader, "WHERE id > ? ORDER BY id", after):
        after = event.id
        for name in (event.subject, event.detail.get("experiment")):
            if isinstance(name, str) and EXPERIMENTS.find(lab.ledger.reader, name) is not None:
                ids.add(name)
    return ids, after


def missing(lab: Lab) -> list[str]:
    """Experiments without a page: what a crash between ledger and page left."""
    return [e.id for e in EXPERIMENTS.select(lab.ledger.reader) if not lab.layout.page(e.id).exists()]

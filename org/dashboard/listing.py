"""One page of the experiments, as a person filters and sorts them: never more rows than a page are read."""

import sqlite3

from org.dashboard.state import ExperimentLine, Listing, Query, Sort
from org.dashboard.symbols import EXPERIMENT
from org.model.experiment import Experiment
from org.store import reads
from org.store.tables import EXPERIMENTS

ROWS = 200
FIELDS = ("id", "author", "program", "state", "label", "claim", "subject")  # `author:junior-2` looks in one of them
_ORDER = {
    Sort.NEWEST: "rowid DESC", Sort.OLDEST: "rowid", Sort.GAIN: "gain IS NULL, gain DESC, rowid DESC",
    Sort.STATE: "state, rowid DESC", Sort.AUTHOR: "author, rowid DESC", Sort.PROGRAM: "program, rowid DESC",
}  # fmt: skip


def read(con: sqlite3.Connection, query: Query) -> Listing:
    """What the query finds, from its offset on."""
    where, params = condition(query.words)
    found, total = EXPERIMENTS.count(con, where, *params), EXPERIMENTS.count(con)
    tail = f"{where} ORDER BY {_ORDER[query.sort]} LIMIT ? OFFSET ?"
    return Listing(query, lines_of(con, EXPERIMENTS.select(con, tail, *params, ROWS, query.offset)), found, total)


def lines_of(con: sqlite3.Connection, found: list[Experiment]) -> tuple[ExperimentLine, ...]:
    values = reads.race_values(con, [e.id for e in found])
    return tuple(ExperimentLine(e, values.get(e.id, ())) for e in found)


def condition(words: str) -> tuple[str, list[str]]:
    """Every word must be found, whatever its case; `field:word` in that field alone, an id as a whole."""
    parts, params = [], list[str]()
    for word in words.split():
        part, more = _of_word(word)
        parts.append(part)
        params += more
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), params


def _of_word(word: str) -> tuple[str, list[str]]:
    name, _, rest = word.partition(":")
    if rest and name in FIELDS:
        return _of_state(rest) if name == "state" else (f"{name} LIKE ? ESCAPE '\\'", [f"%{_escaped(rest)}%"])
    if word[:1] in "Ee" and word[1:].isdigit():
        return "id = ?", [f"E{word[1:]}"]
    of_state, states = _of_state(word)
    anywhere = [f"{field} LIKE ? ESCAPE '\\'" for field in FIELDS if field != "state"]
    return f"({' OR '.join([*anywhere, of_state])})", [f"%{_escaped(word)}%"] * len(anywhere) + states


def _of_state(word: str) -> tuple[str, list[str]]:
    """States by the words that a person reads."""
    meant = [state.value for state, sign in EXPERIMENT.items() if word.lower() in sign.words]
    return (f"state IN ({', '.join('?' * len(meant))})", meant) if meant else ("false", [])


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

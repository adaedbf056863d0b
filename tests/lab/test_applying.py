"""An edited config: what `org start` says of the edit."""

from datetime import UTC, datetime
from pathlib import Path

from laboratory import make

from org import bootstrap
from org.lab import founding


def test_of_agents_the_entries_that_differ_are_told_short(tmp_path: Path) -> None:
    lab = make(tmp_path).lab
    file = lab.layout.root / "config.yaml"
    file.write_text(file.read_text().replace("count: 2}", "count: 2}\n  - {role: junior, backend: human}"))
    again, _ = bootstrap.found(bootstrap.place(str(file), {}, lab.layout.root), {})
    changed = founding.found(again, "a test", datetime.now(UTC))
    assert 'agents: – → {"role": "junior", "backend": "human", "count": 1}' in changed
    again.ledger.close()
    lab.ledger.close()

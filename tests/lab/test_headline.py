"""Head against root on fresh seeds."""

from datetime import UTC, datetime

import pytest
from laboratory import Laboratory

from org.lab.merging import headline
from org.model.errors import Refused
from org.model.run import Purpose
from org.store import reads
from org.store.tables import RUNS


def test_head_and_root_run_on_the_same_seeds_that_selected_nothing(fit: Laboratory) -> None:
    with pytest.raises(Refused, match="nothing was merged"):
        headline.ask(fit.lab, "free", 2, datetime.now(UTC))
    made = fit.recipe("junior-1", lr=0.9)
    fit.until(fit.settled(made.id))
    headline.ask(fit.lab, "free", 2, datetime.now(UTC))
    con = fit.lab.ledger.reader
    fit.until(lambda: RUNS.count(con, "WHERE purpose = 'fresh' AND state = 'succeeded'") == 4)
    used = {r.seed for r in RUNS.select(con, "WHERE purpose != 'fresh'")}
    fresh = RUNS.select(con, "WHERE purpose = ?", Purpose.FRESH.value)
    assert len({r.seed for r in fresh}) == 2 and not used & {r.seed for r in fresh}
    pairs = reads.fresh_pairs(con, "free", made.base_tree, reads.merges(con)[-1].tree)
    assert len(pairs) == 2 and all(head < root for root, head in pairs)

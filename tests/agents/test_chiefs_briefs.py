"""The briefs that an offline chief may open, as its pane reads them every second."""

import os
from dataclasses import replace

from laboratory import Laboratory

from org.cli.pane import shipped_briefs


def test_a_brief_is_parsed_again_when_it_changed_and_only_then(fit: Laboratory) -> None:
    folder = fit.lab.layout.root / "of-my-own"
    (folder / "programs").mkdir(parents=True)
    lab, brief = replace(fit.lab, prompts=folder), folder / "programs" / "rates.md"
    brief.write_text("---\ntitle: Rates\nquestion: Which?\n---\nAll of them.\n")
    (first,) = shipped_briefs(lab)
    assert shipped_briefs(lab)[0] is first and first.brief.title == "Rates"
    brief.write_text("---\ntitle: Higher rates\nquestion: Which?\n---\nAll of them.\n")
    os.utime(brief, (1, 1))
    assert shipped_briefs(lab)[0].brief.title == "Higher rates"
    (folder / "programs" / "widths.md").write_text("---\ntitle: Widths\nquestion: Which?\n---\n\n")
    assert [one.brief.title for one in shipped_briefs(lab)] == ["Higher rates", "Widths"]

"""`org report`: a span's questions, numbers, plots, verdicts and words, as Markdown and as one file for a browser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import many
import pytest
from click.testing import Result

from org.cli import when
from org.lab.lab import Lab
from org.lab.report import html as reporting_html
from org.lab.report import reporting
from org.lab.report.reporting import Folded, Markdown, Report
from org.model.errors import Refused, UsageError
from org.model.experiment import IN_HEAD
from org.plots.theme import LIGHT, stylesheet
from org.store.tables import EXPERIMENTS

Say = Callable[..., Result]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return many.opened(many.build(tmp_path_factory.mktemp("many"), 300, 8))


@pytest.fixture(scope="module")
def report(lab: Lab) -> Report:
    return reporting.of(lab, many.NOW - timedelta(hours=10), many.NOW)


def test_it_opens_with_the_questions_to_the_person(lab: Lab) -> None:
    text = reporting_html.markdown(reporting.of(lab, many.NOW - timedelta(hours=30), many.NOW))
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert headings[:3] == ["Questions to you", "In numbers", "Programs"]
    assert {"Certificates", "Verdicts", "Whose ideas are good", "Wrong turns", "Standups", "Notebook"} <= set(headings)
    assert "**chief** asks: May I close data-order" in text and "`org reply q-1" in text


def test_numbers_are_those_of_the_span(lab: Lab, report: Report) -> None:
    text, con = reporting_html.markdown(report), lab.ledger.reader
    since = (many.NOW - timedelta(hours=10)).isoformat(timespec="milliseconds")
    verdicts = con.execute("SELECT count(*) FROM experiments WHERE decided_at >= ?", (since,)).fetchone()[0]
    ended = con.execute("SELECT count(*), sum(total_seconds) / 3600 FROM runs WHERE finished_at >= ?", (since,)).fetchone()
    everything = con.execute("SELECT count(*) FROM experiments WHERE decided_at IS NOT NULL").fetchone()[0]
    assert 0 < verdicts < everything and f"{verdicts} verdicts" in text
    assert f"{ended[0]} runs ended" in text and f"{ended[1]:.1f} device-hours" in text
    assert f"devices ${ended[1] * 2.5:.2f}" in text and "Idle device-hours by cause: " in text


def test_ideas_are_scored_by_agent_backend_and_program(lab: Lab) -> None:
    text = reporting_html.markdown(reporting.of(lab, many.NOW - timedelta(days=9), many.NOW))
    every = [e for e in EXPERIMENTS.select(lab.ledger.reader) if e.decided_at]
    mine = [e for e in every if e.author == "junior-1"]
    raced = [e for e in mine if e.measured_gain is not None]
    bias = sum((e.predicted_gain or 0) - (e.measured_gain or 0) for e in raced) / len(raced)
    section = text.split("## Whose ideas are good")[1].split("##")[0].splitlines()
    row = next(line for line in section if line.startswith("| junior-1 |"))
    kept = sum(e.state in IN_HEAD for e in mine)
    assert f"| {kept} of {len(mine)} |" in row and f"of {len(raced)} |" in row and f"| {bias:+.4f} ± " in row
    for name, of in (("backend codex", None), ("program optimizer", "optimizer")):
        row = next(line for line in section if line.startswith(f"| {name} |"))
        assert of is None or f" of {sum(e.program == of for e in every)} |" in row


class Checker(HTMLParser):
    """Which tags are open, and what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.fetched += [str(named[k]) for k in ("src", "srcset", "data", "poster") if named.get(k)]
        if tag in ("script", "iframe", "object", "embed", "link", "img"):
            self.fetched.append(tag)
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def test_the_page_is_one_file_for_light_dark_and_small_screens(report: Report) -> None:
    page = reporting_html.html(report)
    checker = Checker()
    checker.feed(page)
    assert checker.open == [] and checker.fetched == [] and "url(" not in page and "@import" not in page
    assert page.count("<svg ") == 4 and page.count("<style>") == 1
    assert "prefers-color-scheme:dark" in page and "prefers-color-scheme: dark" in page
    assert 'name="viewport" content="width=device-width' in page
    assert page.count("<table>") == page.count('<div class="wide"><table>') > 5
    assert len(re.findall("<details", page)) > 20


def test_every_link_leads_to_a_page_that_the_report_holds(report: Report) -> None:
    """As a file, and as Markdown, that goes where no notebook is."""
    page = reporting_html.html(report)
    names = re.findall(r'<div id="(\w+)">', page)
    links = re.findall(r'href="([^"]*)"', page)
    assert len(set(names)) == len(names) > 20 and {f"#{name}" for name in names} >= set(links)
    turns = page.split("<h2>Wrong turns</h2>")[1].split("</ul>")[0]
    assert len(re.findall(r'<strong><a href="#(E\d+)">\1</a></strong>', turns)) == 5
    assert re.search(r'<td><a href="#(E\d+)">\1</a></td>', page.split("<h2>Verdicts</h2>")[1])
    text = reporting_html.markdown(report)
    assert "](" not in text and re.search(r"^\| E\d+ \| .+ \| certified \|", text, re.M)


def test_on_paper_it_is_light_and_whole() -> None:
    """Whoever reads dark pages prints light ones; nothing is cut off at the right, and standups are open."""
    page = reporting_html.html(Report("t", (Folded("Standup of 2026-03-14", "x"), Folded("E1", "y", "`org show E1`", "E1"))))
    last = page.rindex("@media print{")
    assert page.rindex("prefers-color-scheme") < last and stylesheet(LIGHT) in page[last:]
    assert ".wide{overflow:visible}" in page and page.count('class="open"') == 1
    assert '<details class="open"><summary>Standup of ' in page


def test_words_of_agents_are_words_and_nothing_else(report: Report) -> None:
    bad = "<script>alert(1)</script> ![x](http://spy.example/a.png) [y](javascript:alert(1)) [z](../notebook/E1.md) <img src=x>"
    page = reporting_html.html(Report("t <b>", (Markdown(bad), reporting.Folded("<i>", bad))))
    checker = Checker()
    checker.feed(page)
    assert checker.fetched == [] and "<script" not in page and 'href="javascript' not in page
    assert "t &lt;b&gt;" in page and "&lt;i&gt;" in page and 'href="../notebook' not in page and "z" in page


def test_a_report_is_written_over_only_when_org_wrote_it(report: Report, tmp_path: Path) -> None:
    for name in ("r.html", "r.md"):
        reporting_html.write(report, tmp_path / name)
        reporting_html.write(report, tmp_path / name)
    (tmp_path / "mine.html").write_text("<p>mine")
    with pytest.raises(Refused, match="no report that org made"):
        reporting_html.write(report, tmp_path / "mine.html")
    with pytest.raises(UsageError, match=r"\.html or \.md"):
        reporting_html.write(report, tmp_path / "r.pdf")
    assert (tmp_path / "mine.html").read_text() == "<p>mine"


def test_a_lab_without_experiments_has_a_report_too(tmp_path: Path, say: Say) -> None:
    empty = many.build(tmp_path / "lab", 0, 3)
    done = say(empty.comms, "report", "--since", "24h")
    assert done.exit_code == 0, done.output
    assert "None was opened yet." in done.output and "Nothing was certified" in done.output
    done = say(empty.comms, "report", "--since", "24h", "--to", str(tmp_path / "r.html"))
    assert done.exit_code == 0 and "r.html is written" in done.output


NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12h", "2026-03-13T21:30:00+00:00"),
        ("90 min", "2026-03-14T08:00:00+00:00"),
        ("1.5d", "2026-03-12T21:30:00+00:00"),
        ("yesterday", "2026-03-13T00:00:00+09:00"),
        ("today", "2026-03-14T00:00:00+09:00"),
        ("09:00", "2026-03-14T09:00:00+09:00"),
        ("2026-03-01", "2026-03-01T00:00:00+09:00"),
        ("2026-03-01T12:00Z", "2026-03-01T12:00:00+00:00"),
    ],
)
def test_times_are_those_of_the_labs_timezone(text: str, meant: str) -> None:
    assert when.parse(text, NOW, TOKYO) == datetime.fromisoformat(meant)


def test_what_is_no_time_is_told_with_examples() -> None:
    with pytest.raises(UsageError, match="12h, 7d, yesterday"):
        when.parse("soon", NOW, TOKYO)

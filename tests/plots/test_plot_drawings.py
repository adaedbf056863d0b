"""Pictures: whole, inside their edges, told apart without colour; the same plots in characters."""

import re
import xml.etree.ElementTree as xml
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import many
import pytest
from click.testing import Result

from org.lab import pictures
from org.lab.lab import Lab
from org.lab.pictures import Plot
from org.model.errors import Refused, UsageError
from org.plots import devices_svg, devices_text, kinds, png, progress_svg, progress_text
from org.plots.cells import TERMINAL
from org.plots.devices import Row, Stretch, Timeline, Use
from org.plots.devices_svg import BARS
from org.plots.devices_text import SYMBOLS
from org.plots.progress import Dot, Progress
from org.plots.stairs import Stair
from org.plots.svg import width_of
from org.plots.theme import DARK, LIGHT, Theme, stylesheet

Ledgers = Callable[[int], Lab]
Say = Callable[..., Result]
NAMES = ("progress", "effects", "compute", "devices")
TEXT = "{http://www.w3.org/2000/svg}text"


def plot(lab: Lab, name: str) -> Plot:
    if name == "devices":
        return pictures.devices_of(lab, many.NOW)
    return {"progress": pictures.progress_of, "effects": pictures.effects_of, "compute": pictures.compute_of}[name](lab)


@pytest.mark.parametrize("count", [0, 10, 700])
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_whole_and_its_words_lie_inside(ledgers: Ledgers, name: str, count: int) -> None:
    drawing = plot(ledgers(count), name).drawing()
    tree = xml.fromstring(drawing.inner(LIGHT, DARK))
    for text in tree.iter(TEXT):
        words, x, y, size = text.text or "", float(text.attrib["x"]), float(text.attrib["y"]), float(text.attrib["font-size"])
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.attrib["text-anchor"]]
        left = x - shift * width_of(words, size)
        assert left >= 0 and left + width_of(words, size) <= drawing.width + 1, words
        assert size <= y <= drawing.height, words
    assert "nan" not in drawing.inner() and "None" not in drawing.inner()


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_of_a_picture_is_in_both_themes(ledgers: Ledgers, name: str) -> None:
    used = set(re.findall(r"\b[fs]-[a-z]+\b", "\n".join(plot(ledgers(700), name).drawing().parts)))
    assert used
    for theme in (LIGHT, DARK):
        known = set(re.findall(r"\.([fs]-[a-z]+)\{", stylesheet(theme)))
        assert used <= known


def test_colour_is_never_the_only_signal() -> None:
    assert len({kind.shape for kind in kinds.KINDS}) == len({kind.symbol for kind in kinds.KINDS}) == len(kinds.KINDS)
    assert len(set(SYMBOLS.values())) == len(SYMBOLS) == len(Use)
    assert len({bars.parts for bars in BARS.values()}) == len({bars.colour for bars in BARS.values()}) == len(BARS) == len(Use)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_words_can_be_read_on_their_paper(theme: Theme) -> None:
    """WCAG's contrast: 4.5 for words, 3 for marks that matter; what was discarded may stay in the background."""
    wanted = {"ink": 7.0, "dim": 4.5, "certified": 2.8, "merged": 3.0, "better": 3.0, "parked": 3.0, "bad": 3.0}
    for name, least in wanted.items():
        light, dark = sorted((luminance(getattr(theme, name)), luminance(theme.paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, name


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("name", ["progress", "compute"])
def test_merges_are_named_and_names_do_not_lie_on_each_other_or_on_the_line(ledgers: Ledgers, name: str) -> None:
    """The line: the head's staircase, the baseline's curve."""
    drawing = plot(ledgers(700), name).drawing()
    boxes = []
    tree = xml.fromstring(drawing.inner())
    for text in tree.iter(TEXT):
        if re.match(r"E\d+ ", text.text or ""):
            x, y, size = (float(text.attrib[key]) for key in ("x", "y", "font-size"))
            wide = width_of(text.text or "", size)
            left = x - wide if text.attrib["text-anchor"] == "end" else x
            boxes.append((left, y - 11, left + wide, y + 3))
    assert len(boxes) >= (8 if name == "progress" else 1)
    for number, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[:number])
    (line,) = [path for path in tree.iter("{http://www.w3.org/2000/svg}polyline") if path.attrib["class"] == "s-head"]
    corners = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    for (x1, y1), (x2, y2) in pairwise(corners):
        steps = [(x1 + (x2 - x1) * n / 50, y1 + (y2 - y1) * n / 50) for n in range(51)]
        assert not any(a[0] < x < a[2] and a[1] + 3 < y < a[3] - 3 for a in boxes for x, y in steps)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (160, 50), (320, 100)])
@pytest.mark.parametrize("count", [0, 10, 700])
@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_of_any_size_holds_the_plot(ledgers: Ledgers, name: str, count: int, columns: int, lines: int) -> None:
    told = plot(ledgers(count), name).text(columns, lines - 2).plain.splitlines()
    assert told and max(len(line) for line in told if "Idle" not in line and "better" not in line) <= columns
    assert len(told) <= lines


def test_the_staircase_and_every_kind_are_there_in_characters(ledgers: Ledgers) -> None:
    text = pictures.progress_of(ledgers(700), "optimizer").text(120, 40).plain
    assert all(mark in text for mark in "━┃┓░★●×◇!┐┘")
    assert "Head against root on 8 fresh seeds (optimizer): +0.0" in text
    assert "No verdicts yet" in pictures.progress_of(ledgers(0)).text(80, 24).plain


def test_a_png_is_the_same_picture_at_twice_the_size(ledgers: Ledgers) -> None:
    drawing = pictures.progress_of(ledgers(10)).drawing()
    content = png.of(drawing.inner(LIGHT))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")) == (2400, 1350)


def test_a_picture_is_written_over_only_when_org_drew_it(ledgers: Ledgers, tmp_path: Path) -> None:
    folder, found = tmp_path, pictures.progress_of(ledgers(10))
    for name in ("p.svg", "p.png"):
        pictures.write(found, folder / name)
        before = (folder / name).stat().st_mtime_ns
        pictures.write(found, folder / name, dark=True)
        assert (folder / name).stat().st_mtime_ns != before
    (folder / "mine.svg").write_text("<svg/>")
    with pytest.raises(Refused, match="no picture that org made"):
        pictures.write(found, folder / "mine.svg")
    assert (folder / "mine.svg").read_text() == "<svg/>"
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        pictures.write(found, folder / "p.pdf")


def test_the_verb_draws_here_or_into_a_file(ledgers: Ledgers, say: Say, tmp_path: Path) -> None:
    lab = ledgers(700)
    assert "main: 700 experiments" in say(lab, "plot").output
    assert "optimizer: " in say(lab, "plot", "optimizer").output
    assert "95 % intervals" in say(lab, "plot", "effects", "attention").output
    done = say(lab, "plot", "progress", "--over", "hours", "--to", f"{tmp_path}/p.svg", "--dark")
    assert done.exit_code == 0 and "p.svg is written" in done.output
    made = say(lab, "plot", "compute", "--json").output
    assert '"pool"' in made and '"curve"' in made
    assert "did you mean optimizer" in str(say(lab, "plot", "optimizr").exception)
    assert "devices belong to the lab" in str(say(lab, "plot", "devices", "optimizer").exception)
    assert "is no time" in str(say(lab, "plot", "devices", "--since", "soon").exception)


def test_ten_thousand_dots_are_a_small_file() -> None:
    dots = tuple(Dot(float(n), 2.0 + (n % 97) / 1000, kinds.DISCARDED, f"E{n}", "x", 0.0) for n in range(10_000))
    found = Progress("val_bpb", False, None, "experiments", dots, (Stair(0, 2.05),), 0.002, None, 10_000.0)
    assert len(progress_svg.draw(found, "main").inner()) < 700_000


def test_the_times_of_a_timeline_are_those_of_the_labs_timezone(ledgers: Ledgers) -> None:
    timeline = pictures.devices_of(ledgers(700), many.NOW, many.NOW - timedelta(hours=9)).numbers
    text = devices_svg.draw(timeline, "main", ZoneInfo("Asia/Tokyo")).inner()
    assert "2026-03-14 09:26 to 2026-03-14 18:26, Asia/Tokyo" in text and ">12:00<" in text


def test_what_moves_a_head_without_a_dot_is_marked_and_named() -> None:
    dots = tuple(Dot(float(n), 2.0, kinds.DISCARDED, f"E{n}", "x", 0.0) for n in range(1, 9))
    stairs = (Stair(0, 2.05), Stair(1, 2.02, "late begins"), Stair(5, 2.04, "E3 out"), Stair(7, 1.99, "stack S2"))
    found = Progress("val_bpb", False, None, "experiments", dots, stairs, 0.0, None, 8.0)
    text = "\n".join(line.plain for line in progress_text.lines(found, "main", 80, 24))
    assert text.count(progress_text.MARK) == 4, "three on the staircase, one in the legend"
    assert f"{progress_text.MARK} begun, out again, stack, root" in text
    assert "late begins" in text and "E3 out" in text and "stack S2" in text
    drawn = progress_svg.draw(found, "main").inner()
    assert "late begins" in drawn and "E3 out" in drawn and "stack S2" in drawn


def test_of_dots_that_share_a_cell_the_one_that_matters_most_shows() -> None:
    dots = tuple(Dot(1.0 + n / 1000, 2.0, kind, f"E{n}", "x", 0.0) for n, kind in enumerate((*kinds.KINDS, kinds.DISCARDED)))
    found = Progress("val_bpb", False, None, "experiments", dots, (), 0.0, None, 8.0)
    assert "".join(line.plain for line in progress_text.field(found, 60, 12).lines(TERMINAL)).count("★") == 1


def test_a_timeline_that_is_taller_than_the_terminal_says_how_many_devices_are_missing() -> None:
    begin = many.NOW - timedelta(hours=2)
    rows = tuple(Row(f"cuda:{n}", (Stretch(begin, many.NOW, Use.RACE, 3),), (), 1.0) for n in range(64))
    found = [line.plain for line in devices_text.lines(Timeline(begin, many.NOW, rows, 1.0), "main", ZoneInfo("UTC"), 80, 24)]
    assert len(found) <= 24 and re.search(r"4\d devices more: a taller terminal", found[-1])
    assert len(devices_text.lines(Timeline(begin, many.NOW, rows, 1.0), "main", ZoneInfo("UTC"), 80)) > 64

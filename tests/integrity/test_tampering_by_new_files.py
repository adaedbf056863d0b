"""Files that take the place of what Python would import: refused when they are proposed, and when they get in otherwise."""

import re
import sys

import pytest
from attacks import Attack
from laboratory import Laboratory

from org.model.errors import Refused

SHADOWS = [
    "torch.py", "json.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "numpy/__init__.py", "fit/__init__.py",
    "fit/json.py", "fit/evaluate.pyc", "fit/__pycache__/__main__.cpython-311.pyc", "fit/evaluate.so", "pytest.ini",
    ".gitattributes",
]  # fmt: skip


@pytest.mark.parametrize("name", SHADOWS)
def test_a_new_file_is_refused_by_its_name(fit: Laboratory, name: str) -> None:
    fit.edit("junior-1", {name: "print('mine')\n"})
    with pytest.raises(Refused, match=re.escape(name)):
        fit.propose("junior-1")
    assert fit.lab.ledger.reader.execute("SELECT count(*) FROM experiments").fetchone()[0] == 0


def test_a_module_beside_the_trainer_that_shadows_one_of_python(attack: Attack) -> None:
    attack.add("this.py", "zen = 'mine'")
    attack.in_step("import this")
    assert attack.refused() == "this (this.py) was imported from the snapshot in place of the installed one"


def test_a_start_up_hook_beside_the_trainer(attack: Attack) -> None:
    attack.add("sitecustomize.py", "import sys\nsys.mine = True")
    told = "sitecustomize (sitecustomize.py) was imported from the snapshot in place of the installed one"
    assert attack.refused(fresh=True).count(told) >= 1


@pytest.mark.parametrize("name", ["nats.pyc", f"__pycache__/nats.{sys.implementation.cache_tag}.pyc", "sample.so"])
def test_a_compiled_file_in_the_place_of_its_source(attack: Attack, name: str) -> None:
    attack.train()
    attack.add(f"trainer/measure/{name}", "")
    assert attack.reason() == f"trainer/measure/{name} takes the place of its source"


def test_packages_of_the_repository_itself_shadow_nothing(attack: Attack) -> None:
    """Python's pickle looks for a package of this name, and finds the lab's own in its snapshot."""
    attack.add("org/__init__.py", "")
    attack.in_step("import org")
    assert attack.train("1step")["tampering"] == []

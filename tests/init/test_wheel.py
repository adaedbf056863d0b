"""An installed wheel has what `org init` and a lab without its own roles need."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import org
from org.lab import scaffold

pytestmark = pytest.mark.slow

pytest.importorskip("hatchling")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package `org` as a wheel puts it somewhere."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site" / "org"


@pytest.mark.parametrize(("profile", "task"), [("laptop", "trainer"), ("h100x8", "autoresearch")])
def test_a_lab_from_the_wheel_is_the_lab_from_the_checkout(installed: Path, tmp_path: Path, profile: str, task: str) -> None:
    labs = {}
    for name, package in (("wheel", installed), ("checkout", Path(org.__file__).parent)):
        root = tmp_path / name
        scaffold.scaffold(root, scaffold.shipped(package), profile, task, "config.yaml")
        labs[name] = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert labs["wheel"] == labs["checkout"]
    assert "roles/junior.md" in labs["wheel"] and "config.yaml" in labs["wheel"]


def test_roles_and_prompts_are_where_a_lab_without_its_own_looks(installed: Path) -> None:
    for name in ("roles/junior.md", "prompts/programs/README.md", "config.yaml", "init/laptop.yaml"):
        assert (installed / "shipped" / name).is_file(), name

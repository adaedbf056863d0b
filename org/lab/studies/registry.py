"""The kinds of study by name. Another one is a file like these and a line here."""

from collections.abc import Mapping

from org.lab.studies.ablation import AblationStudy
from org.lab.studies.certificate import CertificateStudy
from org.lab.studies.curve import ComputeCurve
from org.lab.studies.kind import StudyKind
from org.lab.studies.noise import NoiseStudy
from org.lab.studies.revert import RevertStudy
from org.lab.studies.rung import RungStudy
from org.lab.studies.sentinel import Sentinel
from org.lab.studies.stack import StackStudy
from org.lab.studies.sweep import Sweep
from org.model.study import Kind

_ALL: tuple[StudyKind, ...] = (
    AblationStudy(),
    CertificateStudy(),
    ComputeCurve(),
    NoiseStudy(),
    RevertStudy(),
    RungStudy(),
    StackStudy(),
    Sentinel(),
    Sweep(),
)
KINDS: Mapping[Kind, StudyKind] = {kind.kind: kind for kind in _ALL}

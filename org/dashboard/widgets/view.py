"""What every tab is: it shows the newest frame, but works only while it can be seen."""

from textual import events
from textual.containers import Container
from textual.message import Message
from textual.widgets import TabPane

from org.dashboard import palette
from org.dashboard.palette import Palette
from org.dashboard.state import LabState
from org.model.experiment import Experiment


class View(Container):
    """Subclasses fill `compose`, `show` and `focus_main`. stands: whether it was composed, and can be asked."""

    class Selected(Message):
        """Something else is selected: other keys may be possible."""

    class Opened(Message):
        """The person wants to read all about an experiment."""

        def __init__(self, experiment: Experiment) -> None:
            super().__init__()
            self.experiment = experiment

    lab: LabState = LabState()
    stands = False
    _shown: LabState | None = None

    @property
    def palette(self) -> Palette:
        return palette.of_app(self.app)

    def offer(self, lab: LabState) -> None:
        """A new frame, to be shown; nothing of it before the view stands, which as the app closes it never does."""
        self.lab = lab
        if self.stands and lab is not self._shown:
            was, self._shown = self._shown, lab
            self.show(was, lab)

    def repaint(self) -> None:
        """Forget what is shown, after a change of theme."""
        self._shown = None

    def show(self, was: LabState | None, lab: LabState) -> None:
        """Render lab. was: what is on the screen now, None when nothing of it can be kept."""
        raise NotImplementedError

    def take_focus(self) -> None:
        """As `focus_main`, once it stands."""
        if self.stands:
            self.focus_main()

    def focus_main(self) -> None:
        """Focus what the keys of this tab act on."""
        raise NotImplementedError


class Pane(TabPane):
    """Where a view stands. Unlike Textual's own (8.2) it does not open because something in it has the focus: what is hidden
    hands its focus to a neighbour that is hidden a moment later, and on a slow machine the tab just left came back."""

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        event.prevent_default()

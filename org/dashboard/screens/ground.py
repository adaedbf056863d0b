"""The screen with the tabs, on which dialogues lie."""

from org.dashboard.screens.once import Once


class Ground(Once[None]):
    """While a dialogue lies on it, it is not drawn; what changed meanwhile is drawn when it is on top again.

    Textual 8.2 hands what changed to the dialogue's screen to be drawn through it, and marks it as changed again: from the
    first change on, both were drawn sixty times a second."""

    def _compositor_refresh(self) -> None:
        if self is self.app.screen:
            super()._compositor_refresh()
        else:
            self._compositor._dirty_regions.clear()
            self._dirty_widgets.clear()

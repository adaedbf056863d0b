"""What keeps a screen as it is while much of it changes for one key; then all of it is drawn at once."""

from contextlib import ExitStack

from textual.app import App


class Curtain:
    """Whoever lets it fall sees to it that it rises."""

    def __init__(self, app: App[None]) -> None:
        self._app, self._held = app, ExitStack()

    def fall(self) -> None:
        """From now on nothing is drawn."""
        self._held.enter_context(self._app.batch_update())

    def rise(self) -> None:
        """Draw, once who has the focus knows that it has."""
        focused = self._app.screen.focused
        if focused is None or not focused.call_later(self._up):
            self._up()

    def _up(self) -> None:
        self._held.close()
        self._app.screen.check_idle()

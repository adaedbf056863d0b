"""Errors that end the command with one line and an exit code."""


class TrainerError(Exception):
    """Something is broken: no checkpoint, a dead evaluation host. Exit code 1."""

    exit_code = 1


class UsageError(TrainerError):
    """The command line, or a value on it, is wrong; the message says the way out. Exit code 2."""

    exit_code = 2


class RunFailed(TrainerError):
    """A training run that ended by itself without a usable model; train.json says status failed. Exit code 3."""

    exit_code = 3


class Stopped(TrainerError):
    """A run that was asked to stop and saved what it needs to go on; train.json says status stopped. Exit code 4."""

    exit_code = 4


class Silenced(TrainerError):
    """The end of a rank whose reason another rank has given already: nothing is printed."""


class InvalidScore(Exception):
    """A model that may not be scored (looks ahead, keeps state, is not finite); data, not a crash."""

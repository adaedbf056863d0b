"""Runs: devices and their locks, the keeper that holds one through a run, what a run leaves in its folder.

devices.py      discover devices; lease one by its lock
spec.py         what a keeper is told (spec.json) and what it says at the end (outcome.json)
environment.py  the environment of a run, built from nothing
processes.py    process groups we started: find, measure, end (the only psutil import)
keeper.py       one process per run: lock, train, evaluate, outcome
executor.py     start keepers on this machine, ask after them, end them
progress.py     the last line of a running run's metrics
validity.py     does a run measure what it claims
"""

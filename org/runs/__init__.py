"""Runs: devices and their locks, the keeper that holds one through a run, what a run leaves in its folder.

devices.py      discover devices; lease one by its lock
gpus.py         what NVML tells (the only pynvml import)
cards.py        … of a run's cards while it trains: who else computes there, their energy
host.py         memory, file systems and limits of the machine
spec.py         what a keeper is told (spec.json) and what it says at the end (outcome.json)
environment.py  the environment of a run, built from nothing
processes.py    process groups we started: find, measure, end (psutil here and in host.py)
keeper.py       one process per run: lock, train, evaluate, outcome
children.py     what a keeper starts: a new process, or its stem
image.py        the process that keepers and stems are forked from: torch is imported there once
warm.py         images by environment, and how one is asked for a keeper
executor.py     start keepers on this machine, ask after them, end them
progress.py     the last line of a running run's metrics
code.py         the digest of what a run was given to execute
validity.py     does a run measure what it claims
"""

"""Studies: planned runs that answer one question each. Everything but the race is one.

engine.py    the one loop: ask for runs, wait, retry what did not count, conclude
kind.py      what a kind of study is, and the setting (tree, budget, depth, device) of a run
registry.py  the kinds by name
curve.py     the base at other amounts of compute, for labels
noise.py     data orders, initializations and devices crossed: where σ comes from
rung.py      a change on a larger rung: does its gain transfer?
arms.py      runs of trees on a pool's own seeds
stack.py     several merges together on the lab's head: do they enter it?
ablation.py  a change without each of its parts
revert.py    a head without one of its merges
certificate.py  fresh runs of the head before and after a merge: may it be claimed?
outdated.py  ends studies between whose runs the task, its environment or the devices changed
sentinel.py  one run of a baseline: have the devices drifted?
sweep.py     values of recipe keys by Optuna, uncounted; sweep_page.py: its page and letter
"""

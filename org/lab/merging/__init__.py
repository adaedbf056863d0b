"""From a keep to the heads, and out of them again.

gate.py      what stands between a keep and its merge
worth.py     is a kept change worth its code: by rule, the chief, or a person
merge.py     the merge queue: one at a time
recheck.py   a change whose head moved: rebase, four runs
heads.py     moves of a head, a program's or the lab's: intent, ref, done
arrivals.py  what the ledger says once a head has moved
headline.py  head against root on fresh seeds
stacks.py    the lab's head: what is in it, what is measured for it next
trees.py     the trees of a stack
ablate.py    org ablate: ask what each part of a change does
parts.py     its parts, the tree without each
revert.py    org revert: a merge out of the heads again
roots.py     org root: a person's commit under the heads
"""

"""What idle devices could do, one file a kind of it. backfill.py lists them and takes the best.

A file joins with one function, `offers(lab, con, now) -> Iterable[Offer]`, and a line in `backfill.OFFERING`. It reads and
writes nothing (a person's `org devices --why` calls it, too), offers nothing that is asked for already, prices what it
offers with value.py, and gives each offer a sentence that says why it is worth that. `Offer.take` then asks for the runs,
or opens the study. What it asks for must wait behind the agents' runs: a study by its `rank_of`, a single run by being
asked for one at a time, so that it starts at once.

baselines.py     empty seeds of heads' pools; the oldest seeds again
fresh.py         head and root on fresh seeds: the headline
certificates.py  a merge becomes a claim
curves.py        what compute alone would give, where a keep is in sight
sentinels.py     has the machine drifted? before it is due
ablations.py     what each part of a merge does
promotions.py    merges on a larger rung: they ask for themselves, and are only shown
"""

"""What agents and people say to each other, and the pages that the ledger tells: as files.

front_matter.py  what of a page a person reads
letter.py        a message as Markdown with front matter
mailbox.py       Maildir-style mailboxes: put, read, archive
notebook.py      one page per experiment
rungs.py         what a change did at larger scale, as a section of its page
parts.py         what each part of a change does, likewise
stacks.py        what is in the lab's head, and the gain measured of it together
standup.py       one page per day
claims.py        sentences of agents that claim a result and name no run, marked
reply.py         what a person wrote below a standup's page, and whom it names
figures.py       numbers as people read them
"""

"""What agents and people say to each other, and the pages that the ledger tells: as files.

front_matter.py  what of a page a person reads
letter.py        a message as Markdown with front matter
mailbox.py       Maildir-style mailboxes: put, read, archive
notebook.py      one page per experiment
standup.py       one page per day
figures.py       numbers as people read them
"""

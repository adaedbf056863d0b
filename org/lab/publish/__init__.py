"""org publish: one finding as a folder that stands alone.

publishing.py  the folder
facts.py       what it states
card.py        its README
script.py      reproduce.sh
leaks.py       keys and folders of this machine, which stay here
"""

"""org report, and what a standup's page says around everybody's words.

reporting.py  a span of time, as blocks
html.py       as Markdown or one HTML file
numbers.py    what a span brought and cost, in sentences
quality.py    whose ideas are good, and which turned out wrong
daily.py      what the lab says on a standup's page
"""

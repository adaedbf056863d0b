"""org report: a span of time.

reporting.py  as blocks
html.py       as Markdown or one HTML file
"""

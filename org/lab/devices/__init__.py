"""What devices do, and what they do when nobody asks.

timeline.py   what each device did, written as it changes
causes.py     why one idles
reading.py    shares of a span
drawn.py      the timeline as org.plots draws it
page.py       a chart, sentences
strangers.py  programs on the lab's GPUs that hold no lock
gangs.py      runs on several devices at once: what is kept free for them
backfill.py   what idle devices do: the best offer per device-second
value.py      what a run on an idle device is worth
offers/       what there is to do, one kind a file
"""

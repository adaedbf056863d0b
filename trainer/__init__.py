"""The shared GPT trainer: `python -m trainer prepare | plan | train | evaluate | core | compute | sample …`.

`trainer/measure/` decides what is measured and is protected; the modules beside this file are what a researcher edits.
"""

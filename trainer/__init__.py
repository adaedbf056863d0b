"""The shared GPT trainer: `python -m trainer prepare | train | evaluate | fingerprint | sample`.

`trainer/measure/` decides what is measured and is protected; the modules beside this file are what a researcher edits.
"""

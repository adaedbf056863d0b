"""org export: the ledger as Parquet with a data dictionary.

exporting.py  every table into a folder
columns.py    the data dictionary
words.py      README and schema from it
parquet.py    the door to pyarrow
files.py      a folder that org fills and nobody else
"""

"""The commands of `python -m sparsecbm`, one file each: `add` declares the options, `run` does the work.

Only the options are made when the command line starts; what a command needs is imported when it runs.
"""

"""Whether a roomd can run well here, and what to do where it cannot. Nothing is changed by asking.

A check is a function that gives lines, and a row in `examination.py`; `running.py` bounds it in time and turns whatever
goes wrong with it into a line of its own.
"""

"""How far apart real browsers are, measured: `make bench-sync` at length, `tests/test_browser_sync.py` in short.

A server as a person runs it, a Chromium process for each listener, and where wanted slow lines and wrong clocks. In
`page/` is what goes into the pages: a clock that knows the truth, and the laws of other systems in place of the page's.
What counts is defined in `samples.py`, what is to be reached in `goals.py`.
"""

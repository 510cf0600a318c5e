"""Faults on purpose: real stores and servers that are killed, frozen, wiped and cut off while many people write.

`world` has the processes, `proxy` the links, `client` and `crowd` the people, `ledger` what they were promised,
`checker` whether it was kept; `scenarios_*` say what goes wrong, and when. tests/test_faults_short.py runs them with
small figures, scripts/faults.py with large ones.
"""

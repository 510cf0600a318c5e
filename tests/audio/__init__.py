"""What browsers really play, recorded from their sinks: how it is recorded, read and judged.

`pulse` records, `listeners` opens browsers, `room` and `evening` say what they do, `tracking` finds where each was in
the music, `figures` what that comes to, `suite` whether it is good. scripts/bench_audio.py runs all of it.
"""

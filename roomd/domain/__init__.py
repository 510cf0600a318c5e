"""The rules: pure values, commands, events and decisions. No I/O, no clock, no randomness."""

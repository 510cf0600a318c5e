"""One file per contract: wire words to domain words and back. No I/O."""

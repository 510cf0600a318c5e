"""What goes wrong with the stores for good. Without the drivers, which the command line loads when it needs them."""


class MigrationError(RuntimeError):
    """The database cannot be brought to this program's schema; the message says why."""

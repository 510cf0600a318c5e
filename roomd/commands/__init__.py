"""Commands of the command line that are more than one call; `roomd/cli.py` says how each is called.

What they mean by their exit code: 0, it is done, or nothing had to be; 1, it failed, with the reason on standard error;
2, they were called wrongly; 3, it was looked at, and something is to be done by whoever asked.
"""

import click
import msgspec

#: The exit code for what somebody has to see to.
TO_DO = 3


def tell(value: object, text: str, *, as_json: bool) -> None:
    """On standard output: an object on one line, or words."""
    click.echo(msgspec.json.encode(value).decode() if as_json else text)

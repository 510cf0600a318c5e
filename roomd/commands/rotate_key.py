"""`roomd rotate-key`: another secret, with nobody signed out."""

from pathlib import Path

from roomd import secret
from roomd.commands import tell
from roomd.domain.refusals import NotFound
from roomd.settings import Settings
from roomd.tokens import ACCOUNT_REFRESH_S

#: Days after which no token is good any more that the old secret has signed.
DAYS = ACCOUNT_REFRESH_S // 86_400


async def rotate_key(settings: Settings, *, leaked: bool, as_json: bool) -> int:
    """Make a secret, put it in the place of one of our own, or say how to set it; the exit code. Raises NotFound."""
    fresh = secret.make()
    if settings.secret_key is None:
        before = _replaced(settings, fresh, leaked=leaked)
        file = str(settings.data_dir / secret.NOW)
        said = f"{file} holds a new secret. Restart roomd: until then the old one signs.\n{_after(before)}"
        tell({"file": file, "previous": len(before)}, said, as_json=as_json)
        return 0
    before = [] if leaked else [settings.secret_key, *settings.secret_key_previous]
    values = {"SECRET_KEY": fresh, "SECRET_KEY_PREVIOUS": ",".join(before)}
    tell(values, _how(values, before), as_json=as_json)
    return 0


def _replaced(settings: Settings, fresh: str, *, leaked: bool) -> list[str]:
    """The secrets before, once the file holds another. Raises NotFound."""
    folder: Path = settings.data_dir
    if not (folder / secret.NOW).exists():
        raise NotFound(
            f"there is no secret yet: SECRET_KEY is not set, and {folder} has none; the first start makes it"
        )
    before = [] if leaked else [secret.secret_of(settings), *secret.kept_before(folder)]
    secret.replace(folder, fresh, before)
    return before


def _how(values: dict[str, str], before: list[str]) -> str:
    lines = [f"{name}={value}" for name, value in values.items()]
    together = " ".join(lines)
    return "\n".join(
        (
            "Nothing is changed yet. Set both, on every server, and restart:",
            "",
            *(f"    {line}" for line in lines),
            "",
            f"On Heroku: heroku config:set {together}",
            _after(before),
        )
    )


def _after(before: list[str]) -> str:
    if not before:
        return "The old secrets are not honoured: everybody has to sign in again."
    return (
        f"Tokens that the old secret has signed are good for {DAYS} days at most. It also signs the addresses "
        "of songs in your music folder, so queues and playlists need it for as long as it "
        "is the last of the previous ones."
    )

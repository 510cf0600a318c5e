"""The log on standard error, for the command line and for every process that it starts.

Lines for people, or an object a line for programs (ROOMD_LOG=json). Nothing secret is handed to it; should a token or a
password get into a message all the same, say in the words of a fault, it is taken out of what is written.
"""

import logging
import re
import time
from datetime import UTC, datetime

import msgspec

from roomd.settings import Settings
from roomd.tracing import REQUEST

HIDDEN = "…"
#: Access tokens; what stands behind a telling name, be it in a query, a header or a text; and passwords in addresses.
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]*(?:\.[\w-]*)?"
    r"|(?<=bearer )[^\s\"',;]+"
    r"|(?<=token=)[^\s\"'&;,)]+|(?<=ticket=)[^\s\"'&;,)]+|(?<=password=)[^\s\"'&;,)]+|(?<=sig=)[^\s\"'&;,)]+"
    r"|(?<=://)[^\s/@]*:[^\s/@]+(?=@)",
    re.IGNORECASE,
)
#: Where none of these is, there is nothing to look for: finding that out takes 0.7 µs, and looking 15.
_HINTS = ("eyJ", "=", "://", "earer", "EARER")
#: What a log record has by itself; anything else was given to it as `extra`.
_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def to_stderr(settings: Settings, speaker: str = "") -> None:
    """Begin to log. `speaker` stands before each name, for one of several processes."""
    # Of what nobody is shown, a record need not hold anything: a tenth of what a line costs.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(Objects(speaker) if settings.log == "json" else Lines(speaker))
    logging.basicConfig(level=logging.DEBUG if settings.debug else logging.INFO, handlers=[handler])
    for noisy in ("httpx", "httpcore", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A traceback for each connection that an outage breaks; the outage itself is logged by who meets it.
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)


def scrubbed(text: str) -> str:
    """The text without what only its owner should know."""
    if any(hint in text for hint in _HINTS):
        return _SECRETS.sub(HIDDEN, text)
    return text


class Lines(logging.Formatter):
    def __init__(self, speaker: str = "") -> None:
        super().__init__()
        self._speaker = speaker
        #: The latest second that was written, and how.
        self._second = (0, "")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as logging calls it
        """On one line: what people said may be quoted in it, and must not look like a line of its own."""
        at = self.formatTime(record)
        line = f"{at} {record.levelname:<7} {self._speaker}{record.name}: {record.message}"
        return line.replace("\n", "\\n").replace("\r", "\\r")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - as logging calls it
        """As logging's own, with each second put into words once."""
        second, said = self._second
        if int(record.created) != second:
            second = int(record.created)
            said = time.strftime(datefmt or self.default_time_format, self.converter(second))
            self._second = second, said
        return f"{said},{int(record.msecs):03}"

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))


class Objects(logging.Formatter):
    """`time` (UTC), `level`, `logger`, `message`; and `process`, `request`, `fault` and what else a record has."""

    def __init__(self, speaker: str = "") -> None:
        super().__init__()
        self._process = speaker.strip("[] ")

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if self._process:
            said["process"] = int(self._process)
        if request := REQUEST.get():
            said["request"] = request
        said |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            said["fault"] = self.formatException(record.exc_info)
        return scrubbed(msgspec.json.encode(said, enc_hook=str).decode())

"""A live station: an endless stream of MP3 frames, as fast as it is heard, from a directory that knows where it is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from media_files import MP3_SAMPLES, mp3_frame
from standins.radio import RadioStandin
from standins.standin import Reply

FRAME_S = MP3_SAMPLES / 44_100
#: What a listener gets at once, so that the player can begin; and how much at a time from then on.
BURST_S, STEP_S = 3.0, 0.25


class Station:
    """On the air until it is cut: then its listeners' connections end, and others are refused."""

    def __init__(self) -> None:
        self.on_air = threading.Event()
        self.on_air.set()
        #: Set while it is off the air; whoever sends waits for it instead of sleeping.
        self.off = threading.Event()
        self.url = ""
        #: Connections since it was last counted anew.
        self.listeners = 0

    def cut(self) -> None:
        self.on_air.clear()
        self.off.set()

    def return_(self) -> None:
        self.off.clear()
        self.on_air.set()


class Directory(RadioStandin):
    """Radio Browser, whose every station is this one."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self._station = station

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        reply = super().reply(path, query)
        if path.startswith("/json/url/"):
            return reply._replace(body={**reply.body, "url": self._station.url})
        return reply


@contextmanager
def broadcasting() -> Iterator[Station]:
    station = Station()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(station))
    server.daemon_threads = True
    station.url = f"http://127.0.0.1:{server.server_port}/stream"
    thread = threading.Thread(target=server.serve_forever, name="station", daemon=True)
    thread.start()
    try:
        yield station
    finally:
        station.cut()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(station: Station) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not station.on_air.is_set():
                self.send_error(503)
                return
            station.listeners += 1
            self.send_response(200)
            for name, value in {"Content-Type": "audio/mpeg", "icy-name": "Radio Alice", "icy-br": "128"}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(_sound(BURST_S))
                while not station.off.wait(STEP_S):
                    self.wfile.write(_sound(STEP_S))
            except (BrokenPipeError, ConnectionResetError):
                return  # The listener has gone.

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _sound(seconds: float) -> bytes:
    return mp3_frame() * round(seconds / FRAME_S)

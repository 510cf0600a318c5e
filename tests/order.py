"""In what order test files are handed to pytest's workers: each takes the next file when it is done with its own.

The long ones come first, so that no worker is left with one at the end. Those with browsers are spread over the whole
time: each takes a core for moments, and several at once make each other miss limits of time.
"""

from collections.abc import Sequence
from itertools import groupby

import pytest

#: Seconds that files take whose tests wait, or start much, on two cores that have nothing else to do.
SECONDS = {
    "test_faults_short.py": 160,
    "test_browser_sync_bad.py": 150,
    "test_browser_players.py": 80,
    "test_browser_sync.py": 70,
    "test_browser_youtube.py": 65,
    "test_browser_library.py": 60,
    "test_processes.py": 50,
    "test_state_is_events.py": 40,
    "test_bench.py": 30,
    "test_browser_evening.py": 30,
    "test_browser_pages.py": 30,
    "test_snapshot_command.py": 30,
    "test_browser_stations.py": 26,
    "test_browser_in_step.py": 25,
    "test_browser_waiting.py": 25,
    "test_browser_states.py": 20,
    "test_browser_party.py": 18,
    "test_browser_payloads.py": 18,
    "test_browser_axe.py": 16,
    "test_browser_brought_back.py": 16,
    "test_browser_converting.py": 16,
    "test_drain.py": 16,
    "test_cluster.py": 15,
    "test_embedded_deaths.py": 15,
    "test_sound.py": 15,
    "test_browser_library_pages.py": 14,
    "test_catalogue_pieces.py": 14,
    "test_doctor_own_stores.py": 14,
    "test_provider_nonsense.py": 14,
    "test_cleanup.py": 12,
    "test_serve.py": 12,
}
#: Of other files, by the test: one with browsers, one that uses a Redis or PostgreSQL, any other.
BROWSING_S, STORING_S, THINKING_S = 8.0, 0.35, 0.02


def arranged(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of a file as they were."""
    files = [list(group) for _, group in groupby(items, lambda item: item.path)]
    lines = [sorted((file for file in files if with_browser(file) is wanted), key=_cost) for wanted in (True, False)]
    whole = [sum(map(_cost, line)) for line in lines]
    found: list[pytest.Item] = []
    while any(lines):
        # Of the line that has more of its time before it.
        line = max(filter(None, lines), key=lambda line: sum(map(_cost, line)) / whole[lines.index(line)])
        found += line.pop()
    return found


def with_browser(file: Sequence[pytest.Item]) -> bool:
    return file[0].get_closest_marker("browser") is not None


def _cost(file: Sequence[pytest.Item]) -> float:
    if with_browser(file):
        usual = len(file) * BROWSING_S
    else:
        usual = sum(STORING_S if "store_urls" in _fixtures(item) else THINKING_S for item in file)
    return SECONDS.get(file[0].path.name, usual)


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else ()

"""The secret of a server that was given none."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from roomd.secret import secret_of
from roomd.settings import Settings


def test_one_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    made = secret_of(settings)
    assert len(made) == 64 and secret_of(settings) == made
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600


def test_all_who_start_at_once_have_the_same(tmp_path: Path) -> None:
    for n in range(20):
        settings = Settings(data_dir=tmp_path / str(n))
        with ThreadPoolExecutor(8) as together:
            assert len(set(together.map(secret_of, [settings] * 8))) == 1


def test_the_one_given_is_taken(tmp_path: Path) -> None:
    assert secret_of(Settings(data_dir=tmp_path, secret_key="x" * 32)) == "x" * 32
    assert list(tmp_path.iterdir()) == []

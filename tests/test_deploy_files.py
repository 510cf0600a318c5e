"""What deploys and watches a roomd names what there is: commands, settings, files, metrics and their labels."""

import fnmatch
import json
import os
import re
import shlex
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from serving import Served

from roomd.cli import main
from roomd.settings import names
from roomd.tally import Tally

TOP = Path(__file__).parent.parent
DEPLOY = TOP / "deploy"
#: Labels that Prometheus adds by itself, or that stand for a bucket's bound.
_ADDED = {"job", "instance", "process", "le"}
_FUNCTIONS = {"histogram_quantile", "sum", "max", "rate", "by", "abs", "up", "without", "count", "absent"}


def read(name: str) -> str:
    return (TOP / name).read_text(encoding="utf-8")


def expressions() -> Iterator[str]:
    """Every question that the dashboard and the alert rules put to Prometheus."""
    for panel in json.loads(read("deploy/grafana.json"))["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]
    for group in yaml.safe_load(read("deploy/alerts.yml"))["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]


def asked(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric that an expression names, with the labels that are picked or grouped by."""
    bare = re.sub(r'"[^"]*"|\[[^]]*\]', "", expression)
    grouped = {name for part in re.findall(r"\b(?:by|without) \(([^)]*)\)", bare) for name in part.split(", ")}
    bare = re.sub(r"\b(?:by|without) \([^)]*\)", "", bare)
    for name, picked in re.findall(r"\b([a-z_]{3,})\b(?:\{([^}]*)\})?", re.sub(r"(?<=\{)[^}]*(?=\})", _kept, bare)):
        if name not in _FUNCTIONS:
            yield name, grouped | set(re.findall(r"\w+", picked))


def _kept(labels: re.Match[str]) -> str:
    """Only the names, in capitals, so that they are not taken for metrics."""
    return ",".join(re.findall(r"(\w+)\s*[!=]", labels[0])).upper()


@pytest.mark.gen_test(timeout=40)
async def test_what_is_watched_is_there_and_documented(served: Served) -> None:
    await served.http.get("/api/rooms/")
    await served.person("Alice")
    metrics = served.services.telemetry.metrics
    text = (await served.http.get("/metrics")).text
    text += metrics.merged({1: []}, 1).decode()
    found: dict[str, set[str]] = {}
    named = {f"{each.name}_total" if isinstance(each, Tally) else each.name for each in metrics.shown}
    for family in text_string_to_metric_families(text):
        named.add(f"{family.name}_total" if family.type == "counter" else family.name)
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    # Those of which nothing has happened yet are known by what they count.
    counted = {each.name: set(each.labels) for each in metrics.shown}
    for name, labels in counted.items():
        for end in ("_total", "_bucket", "_sum", "_count"):
            found.setdefault(name + end, set()).update(labels)
    found.setdefault("roomd_sync_error_ms_bucket", set()).add("player")
    for expression in expressions():
        for name, labels in asked(expression):
            assert name in found, expression
            assert {label.lower() for label in labels} <= found[name] | _ADDED, expression
    documented = set(re.findall(r"^\| `(roomd_\w+)`", read("docs/operations.md"), re.MULTILINE))
    assert documented == {name for name in named if name.startswith("roomd_") and not name.endswith("_created")}


def test_the_dashboard_is_one() -> None:
    panels = json.loads(read("deploy/grafana.json"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [tuple(panel["gridPos"].values()) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["targets"] for panel in panels if panel["type"] != "row")
    rules = [rule for group in yaml.safe_load(read("deploy/alerts.yml"))["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 8
    assert all(rule["annotations"].keys() == {"summary", "description"} for rule in rules)


def test_each_alert_is_raised_where_it_should_be() -> None:
    rules = [rule for group in yaml.safe_load(read("deploy/alerts.yml"))["groups"] for rule in group["rules"]]
    tried = set(re.findall(r'alertname="(\w+)"', read("deploy/alerts.test.yml")))
    assert tried == {rule["alert"] for rule in rules}
    if promtool := shutil.which("promtool"):
        command = [promtool, "test", "rules", str(DEPLOY / "alerts.test.yml")]
        said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert said.returncode == 0, said.stdout + said.stderr


def steps(stage: int) -> Iterator[tuple[str, str]]:
    """Instructions of a stage of the Dockerfile, each on one line."""
    text = re.sub(r"\\\n\s*", "", read("Dockerfile"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    begins = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    for line in lines[begins[stage] : begins[stage + 1] if stage + 1 < len(begins) else None]:
        word, _, rest = line.partition(" ")
        yield word, rest


def test_the_image_is_built_by_steps_that_work(tmp_path: Path) -> None:
    """The first stage's, in order, with what .dockerignore lets through; without dependencies, which take a minute."""
    given = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
    source, made = tmp_path / "src", tmp_path / "roomd"
    source.mkdir()
    # Of this environment nothing but what builds: pip is not to find the roomd that is in it.
    tools = tmp_path / "tools"
    tools.mkdir()
    packages = Path(setuptools.__file__).parent.parent
    for each in (*packages.glob("setuptools*"), packages / "_distutils_hack", packages / "pkg_resources"):
        (tools / each.name).symlink_to(each)
    for word, rest in steps(0):
        if word == "COPY":
            *names_, _ = rest.split()
            for name in names_:
                assert name in given
                if (TOP / name).is_dir():
                    shutil.copytree(TOP / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(TOP / name, source)
        if word == "RUN":
            command = rest.replace("/opt/roomd", str(made)).replace("python ", f"{sys.executable} ", 1)
            if " install " in command:
                command += " --no-deps --no-build-isolation --no-compile --quiet"
            ran = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=source,
                env=os.environ | {"PYTHONPATH": str(tools)},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr
    look = "from roomd.app import web_folder as w; print((w() / 'templates/room.html').is_file(), w())"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(site.getsitepackages())}
    command = [str(made / "bin" / "python"), "-P", "-c", look]
    said = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout.split()
    assert said[0] == "True"
    assert Path(said[1]).is_relative_to(made)
    assert (made / "bin" / "roomd").is_file()
    assert not list((made / "bin").glob("pip*"))


def test_the_image_that_is_run() -> None:
    said = dict(steps(1))
    assert said["USER"] == "roomd"
    assert all("gcc" not in rest and "build-essential" not in rest for _, rest in steps(1))
    environment = dict(part.split("=", 1) for part in said["ENV"].split() if "=" in part)
    assert set(environment) - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= set(names())
    (health,) = [json.loads(rest[rest.index("[") :]) for word, rest in steps(1) if word == "HEALTHCHECK"]
    entry, command = json.loads(said["ENTRYPOINT"]), json.loads(said["CMD"])
    for words in (health, entry + command):
        assert words[0] == "roomd"
        assert CliRunner().invoke(main, [*words[1:], "--help"]).exit_code == 0


def test_compose() -> None:
    given: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    services = given["services"]
    servers = [name for name in services if name.startswith("roomd-")]
    upstream = re.findall(r"server (roomd-\d):8000", read("deploy/nginx.conf"))
    assert servers == upstream == ["roomd-1", "roomd-2"]
    for name in (*servers, "migrate"):
        assert set(services[name]["environment"]) <= {*names(), "ROOMD_TRUSTED_HOPS"}
        assert services[name]["read_only"]
        # Nothing of them is reached but through nginx.
        assert "ports" not in services[name]
    for service in services.values():
        for needed in service.get("depends_on", {}):
            assert needed in services
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in given["volumes"] or source in {"./tls", "${MUSIC_DIR"} or (TOP / source).is_file()
    # The stores are for roomd alone and have no way out; nothing but nginx is published.
    networks = given["networks"]
    assert [name for name, told in networks.items() if (told or {}).get("internal")] == ["stores"]
    inside = {name for name, service in services.items() if "stores" in service["networks"]}
    assert inside == {*servers, "migrate", "redis", "postgres"}
    assert services["redis"]["networks"] == services["postgres"]["networks"] == ["stores"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    # It has no password: an image that is not of Docker's making would answer nobody but its own machine.
    assert " ".join(services["redis"]["command"][1:3]) == "--protected-mode no"
    # No password has a value.
    assert not re.findall(r"(?:PASSWORD|SECRET_KEY): (?!\$\{)\S+", read("compose.yaml"))


def test_the_unit(tmp_path: Path) -> None:
    text = read("deploy/roomd.service")
    commands = [shlex.split(line)[1:] for line in re.findall(r"^ExecStart(?:Pre)?=(.*)", text, re.MULTILINE)]
    assert commands == [["serve"]]
    for words in commands:
        assert CliRunner().invoke(main, [*words, "--help"]).exit_code == 0
    variables = re.findall(r"^#?([A-Z_]+)=", read("deploy/roomd.env"), re.MULTILINE)
    assert set(variables) <= {*names(), "ROOMD_TRUSTED_HOPS"}
    program = shutil.which("systemd-analyze")
    if program is not None:
        unit = tmp_path / "roomd.service"
        unit.write_text(text.replace("/opt/roomd/bin/roomd", str(Path(sys.executable).parent / "roomd")))
        said = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False)
        ours = [line for line in said.stderr.splitlines() if fnmatch.fnmatch(line, "*roomd.service*")]
        assert ours == []


@pytest.mark.parametrize("name", ["migrate", "create-admin", "rotate-key", "scan-library", "doctor"])
def test_thin_entry_points(name: str) -> None:
    script = TOP / "scripts" / f"{name.replace('-', '_')}.py"
    assert f'main(["{name}", *sys.argv[1:]], prog_name="roomd")' in script.read_text(encoding="utf-8")

"""docker-compose.yml, held against the Compose specification's own schema and against this house."""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "scripts/lint/node_modules/dclint/schemas/compose.schema.json"


def compose() -> dict[str, dict[str, dict[str, object]]]:
    """The file as a mapping."""
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(
        (ROOT / "docker-compose.yml").read_text()
    )
    return loaded


def validate(document: object) -> None:
    """Raises jsonschema.ValidationError where the specification is violated."""
    # Named, because the schema writes its draft's address with https, which the library does not know.
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(document)


def test_follows_the_specification() -> None:
    """The file is valid Compose."""
    validate(compose())


def test_the_schema_would_notice() -> None:
    """A misspelt key or a wrong type is refused, so the test above can fail."""
    wrong = copy.deepcopy(compose())
    wrong["services"]["hub"]["comand"] = ["x"]
    with pytest.raises(jsonschema.ValidationError, match="comand"):
        validate(wrong)


def test_every_image_has_an_exact_version() -> None:
    """No `latest` and no bare major version: the same file starts the same software next year."""
    for name, service in compose()["services"].items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", str(service["image"])), name


def test_secrets_have_no_default() -> None:
    """Compose refuses to start without the secrets; none is written in the file."""
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("HUB_SECRET", "HUB_WORKER_TOKEN", "POSTGRES_PASSWORD"):
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), name


def test_mounted_files_exist() -> None:
    """Every file mounted from the checkout is really there."""
    for name, service in compose()["services"].items():
        for source in (str(each).split(":", maxsplit=1)[0] for each in listed(service.get("volumes"))):
            if source.startswith("./"):
                assert (ROOT / source).exists(), (name, source)


def test_commands_are_understood() -> None:
    """Every hub command in the file is taken by the command line as it is now, flags and all."""
    tried = 0
    for name, service in compose()["services"].items():
        command = [str(each) for each in listed(service.get("command"))]
        if command[:3] == ["python", "-m", "hub"]:
            module = importlib.import_module(f"hub.commands.{command[3]}")
            parser = argparse.ArgumentParser(exit_on_error=False)
            module.configure(parser)
            parser.parse_args(command[4:])
            tried += 1
        assert tried or name not in {"hub", "worker"}, name
    assert tried == 2


def listed(value: object) -> list[object]:
    """A list of the file, empty where the key is missing."""
    assert value is None or isinstance(value, list)
    return value or []


def test_default_services_report_their_health() -> None:
    """Whatever starts without a profile has a health check."""
    for name, service in compose()["services"].items():
        if "profiles" not in service:
            assert "healthcheck" in service, name

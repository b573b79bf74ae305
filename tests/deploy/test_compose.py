"""docker-compose.yml, held against the Compose specification's own schema and against this house."""

from __future__ import annotations

import copy
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
    for name in ("HUB_SECRET", "POSTGRES_PASSWORD"):
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), name


def test_mounted_files_and_commands_exist() -> None:
    """Every file mounted from the checkout and every hub command named is really there."""
    for name, service in compose()["services"].items():
        volumes = service.get("volumes", [])
        assert isinstance(volumes, list)
        for volume in volumes:
            source = str(volume).split(":", maxsplit=1)[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), (name, source)
        command = service.get("command", [])
        assert isinstance(command, list)
        if command[:3] == ["python", "-m", "hub"]:
            assert (ROOT / f"hub/commands/{command[3]}.py").exists(), (name, command)


def test_default_services_report_their_health() -> None:
    """Whatever starts without a profile has a health check."""
    for name, service in compose()["services"].items():
        if "profiles" not in service:
            assert "healthcheck" in service, name

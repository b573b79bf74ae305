"""Settings: how this one process runs; flags win over environment, over hub.toml, over defaults.

What is watched (areas, cameras, rules, people) is no setting: that is the registry, applied with
`hub apply`. Each field below is a flag `--name`, a variable `HUB_NAME` and a key `name` of hub.toml;
its description is the manual (`hub.toml.example` says the same, a test keeps them in step).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from config.urls import without_password
from config.wording import said
from detectors.provider import Provider
from detectors.rule import Duration
from ingest.errors import InvalidInput, InvalidSetting
from ingest.mqtt.address import Address
from ingest.mqtt.topics import check_filter

TOML = "hub.toml"
PREFIX = "HUB_"
SECRET = frozenset({"secret", "admin_password"})
"""Never repeated in a message."""
OTHER_VARIABLES = ("HUB_SETTINGS", "HUB_WORKER_TOKEN")
"""Read elsewhere: the path of the settings file, and what a worker on another machine shows `serve`."""


class Settings(BaseModel):
    """Everything that may differ from one start to the next; frozen after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path = Field(
        default=Path("data"), description="folder of the ledger, evidence, secret and broker state"
    )
    database_url: str = Field(
        default="",
        repr=False,
        description="ledger; empty: SQLite in the data folder; else postgresql+psycopg://user:password@host/name",
    )
    broker_url: str = Field(
        default="",
        repr=False,
        description="MQTT 5 broker, mqtt://user:password@host:1883; empty: the hub starts its own mosquitto",
    )
    listen: str = Field(
        default="",
        description="topics of the broker to listen to beyond those of conventions and registry: factory/#,station/+",
    )
    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 lets other machines in")
    port: int = Field(default=8000, ge=0, le=65535, description="HTTP port; 0 takes a free one")
    secret: str = Field(
        default="",
        repr=False,
        description="key of tokens and stored passwords, 32 characters or more; empty: made once in data/secret",
    )
    admin_password: str = Field(
        default="",
        repr=False,
        description="password of the user admin, first start only; empty: made up and printed once",
    )
    timezone: str = Field(default="Asia/Shanghai", description="zone of areas that name none")
    workers: int = Field(
        default=2, ge=0, le=256, description="camera worker processes; 0: none on this machine"
    )
    provider: Provider = Field(
        default="cpu",
        description="what networks run on: cpu, or a device that onnxruntime's package is made for",
    )
    log: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level that is logged"
    )
    models: Path = Field(default=Path(__file__).parents[1] / "models", description="folder of the models")
    keep_readings: Duration = Field(
        default=timedelta(days=90), description="single readings older than this are deleted"
    )
    keep_minutes: Duration = Field(
        default=timedelta(days=400), description="readings by the minute older than this are deleted"
    )
    keep_hours: Duration = Field(
        default=timedelta(days=3650), description="readings by the hour older than this are deleted"
    )
    readings_gigabytes: float = Field(
        default=20.0, gt=0, description="above this the oldest single readings go early"
    )
    minutes_gigabytes: float = Field(
        default=10.0, gt=0, description="above this the oldest readings by the minute go early"
    )
    hours_gigabytes: float = Field(
        default=5.0, gt=0, description="above this the oldest readings by the hour go early"
    )
    keep_events: Duration = Field(
        default=timedelta(days=30),
        description="events older than this are deleted, once every webhook has them",
    )
    keep_evidence: Duration = Field(
        default=timedelta(days=7), description="pictures and clips of incidents without a case"
    )
    keep_originals: Duration = Field(
        default=timedelta(days=7),
        le=timedelta(days=7),
        description="sealed originals of incidents without a case, seven days at most",
    )
    keep_case_evidence: Duration = Field(
        default=timedelta(days=180), description="pictures and clips of incidents whose case is over"
    )
    keep_reports: Duration = Field(
        default=timedelta(days=180),
        description="words, photos and telephone numbers of people who reported, after the case is over",
    )
    evidence_gigabytes: float = Field(
        default=20.0,
        gt=0,
        description="above this the oldest evidence goes early, never that of an open case",
    )
    keep_free_gigabytes: float = Field(
        default=0.5,
        ge=0,
        description="of the disk of the data folder, left free by evidence: the ledger comes first",
    )
    public_url: str = Field(
        default="",
        description="where people reach the hub, https://hub.county.example; in notices and QR codes; empty: no link",
    )
    test_alarm_at: str = Field(
        default="09:00",
        description="time of the daily test alarm to those on duty, in `timezone`; empty: none",
    )
    secure_cookie: bool = Field(default=False, description="send the session cookie over https only")
    open_metrics: bool = Field(
        default=False, description="let any caller read /metrics; otherwise this machine, or a token"
    )
    guest: bool = Field(default=False, description="let anyone look without a password (only for the demo)")

    @field_validator("data", "models", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("timezone")
    @classmethod
    def _zone_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as wrong:
            raise ValueError(f"{value!r} is not a time zone; write Asia/Shanghai") from wrong
        return value

    @field_validator("test_alarm_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        if value and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is None:
            raise ValueError(f'{value!r} is no time of the day; write "09:00", or "" for never')
        return value

    @field_validator("log", mode="before")
    @classmethod
    def _log_lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("secret")
    @classmethod
    def _secret_long(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("too short; write 32 characters or more, or leave it empty")
        return value

    @field_validator("broker_url")
    @classmethod
    def _broker_scheme(cls, value: str) -> str:
        if value:
            try:
                Address.parse(value)
            except InvalidSetting as wrong:
                raise ValueError(f"{wrong.message}; {wrong.mend}") from wrong
        return value

    @field_validator("listen")
    @classmethod
    def _listen_to_some(cls, value: str) -> str:
        for each in _listed(value):
            try:
                check_filter(each)
            except InvalidInput as wrong:
                raise ValueError(f"{wrong.message}; {wrong.mend}") from wrong
            first = each.split("/")[0]
            if first in {"#", "+", "$share", "$SYS", "hub"}:
                raise ValueError(
                    f"{each!r} is too much, or the hub's own; name the first level, such as factory/#"
                )
        return value

    @field_validator("public_url")
    @classmethod
    def _public_http(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("not an address that people open; write https://hub.county.example")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_scheme(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
            raise ValueError(
                f"{without_password(value)!r} is no ledger address; "
                "write sqlite:////folder/hub.db or postgresql+psycopg://user:password@host/name"
            )
        return value.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def database(self) -> str:
        """The ledger's address: `database_url`, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data / 'hub.db'}"

    @property
    def listen_topics(self) -> tuple[str, ...]:
        """`listen` as filters."""
        return _listed(self.listen)

    @property
    def zone(self) -> ZoneInfo:
        """`timezone` as a zone."""
        return ZoneInfo(self.timezone)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for each in value.split(",") if (part := each.strip())))


def add_flags(parser: ArgumentParser, names: Iterable[str]) -> None:
    """Give `parser` a flag for each of the named settings, and `--settings FILE`."""
    for name in names:
        field = Settings.model_fields[name]
        flag, env = "--" + name.replace("_", "-"), PREFIX + name.upper()
        help_text = f"{field.description} [{env}]"
        if field.annotation is bool:
            parser.add_argument(flag, dest=name, action="store_const", const=True, help=help_text)
        else:
            parser.add_argument(flag, dest=name, metavar=name.upper(), help=help_text)
    parser.add_argument("--settings", metavar="FILE", help=f"settings file [HUB_SETTINGS, default ./{TOML}]")


def load_settings(flags: Mapping[str, object], env: Mapping[str, str]) -> Settings:
    """The settings that hold: `flags` (None = not given) > `env` > the settings file > defaults.

    Raises InvalidSetting naming the flag, variable or `file:line` that cannot be used.
    """
    values: dict[str, object] = {}
    source: dict[str, str] = {}
    explicit = flags.get("settings") or env.get("HUB_SETTINGS")
    path = Path(str(explicit)) if explicit else Path(TOML)
    if explicit or path.exists():
        for name, (value, line) in _read_toml(path).items():
            values[name], source[name] = value, f"{path}:{line}: {name}"
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        if env.get(variable, "") != "":
            values[name], source[name] = env[variable], variable
        if flags.get(name) is not None:
            values[name], source[name] = flags[name], "--" + name.replace("_", "-")
    try:
        return Settings.model_validate(values)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        name = str(first["loc"][0])
        key = "password" if name in SECRET else name
        what, mend = said(first, key, ())
        raise InvalidSetting(what, where=source.get(name, name), mend=mend) from wrong


def unknown_variables(env: Mapping[str, str]) -> dict[str, str]:
    """`HUB_…` variables that no setting reads, each with the nearest known one (or empty)."""
    known = [PREFIX + name.upper() for name in Settings.model_fields] + list(OTHER_VARIABLES)
    return {
        name: next(iter(difflib.get_close_matches(name, known, 1)), "")
        for name in sorted(env)
        if name.startswith(PREFIX) and name not in known
    }


def _read_toml(path: Path) -> dict[str, tuple[object, int]]:
    """Each key of the settings file with its value and line."""
    text = ""
    try:
        text = path.read_text("utf-8")
        tree = tomllib.loads(text)
    except OSError as wrong:
        raise InvalidSetting(
            "the settings file cannot be read", where=str(path), mend="name another with --settings"
        ) from wrong
    except UnicodeDecodeError as wrong:
        raise InvalidSetting("not UTF-8", where=str(path), mend="save the file as UTF-8") from wrong
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"line (\d+)", str(wrong))
        where = f"{path}:{found.group(1)}" if found else f"{path}:{text.count(chr(10)) + 1}"
        what = re.sub(r" \(at .*\)$", "", str(wrong))
        raise InvalidSetting(what, where=where, mend="write lines like port = 8000") from wrong
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key = re.match(r"""\s*\[*\s*["']?([\w-]+)""", line)
        if key:
            lines.setdefault(key.group(1), number)
    values: dict[str, tuple[object, int]] = {}
    for name, value in tree.items():
        line_number = lines.get(name, 1)
        if name not in Settings.model_fields:
            near = next(iter(difflib.get_close_matches(name, Settings.model_fields, 1)), "")
            mend = f"did you mean {near}?" if near else f"known: {', '.join(Settings.model_fields)}"
            raise InvalidSetting(f"unknown setting {name}", where=f"{path}:{line_number}", mend=mend)
        values[name] = (value, line_number)
    return values

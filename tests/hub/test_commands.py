"""The commands as a newcomer types them: what they print, where, and with which exit code."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.serve.data_lock import DataLock
from tests.servers.house import SECRET, open_house
from tests.servers.ports import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
COUNTY = ROOT / "tests" / "config" / "county.yaml"
COMMANDS = (
    "address",
    "apply",
    "export",
    "check",
    "user",
    "models",
    "audit",
    "mappings",
    "purge",
    "serve",
    "worker",
    "demo",
    "node",
    "rules",
    "teach",
)


@dataclass(frozen=True)
class Done:
    """What one command left."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs `hub …` in a folder of its own, with its own data; in this process, because starting Python is slow."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._patch = patch
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            patch.delenv(name)
        patch.setenv("HUB_DATA", str(self.data))
        patch.chdir(folder)

    def __call__(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Done:
        """One command, as `python -m hub` runs it."""
        out, err = io.StringIO(), io.StringIO()
        with self._patch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
            try:
                code = main(arguments)
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        return Done(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str) -> Done:
        """One command as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "hub", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell on empty data."""
    return Shell(tmp_path, monkeypatch)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(hub: Shell, command: str) -> None:
    """Every command explains itself."""
    done = hub(command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: hub {command}")


def test_no_such_command(hub: Shell) -> None:
    """A misspelt command is one line with what was probably meant."""
    done = hub.process("aply", "x.yaml")
    assert (done.returncode, done.stderr) == (2, "hub: there is no 'aply' here; did you mean apply?\n")


def test_apply_export_apply(hub: Shell) -> None:
    """What was applied is written out, and applied again it is all unchanged."""
    first = hub("apply", str(COUNTY))
    assert first.returncode == 0, first.stderr
    assert first.stdout.endswith("created 19, updated 0, unchanged 0, deleted 0\n")
    assert "created device school-1-cam\n" in first.stdout
    exported = hub("export", "-o", "county-out.yaml")
    assert (exported.returncode, exported.stdout) == (0, "")
    again = hub("apply", "county-out.yaml", "--prune")
    assert again.stdout == "created 0, updated 0, unchanged 19, deleted 0\n"
    dry = hub("apply", "-", "--dry-run", stdin="units: [{id: duty-room, name: 总值班室}]")
    assert dry.stdout == (
        "updated unit duty-room (name)\n"
        "created 0, updated 1, unchanged 0, deleted 0 (dry run: nothing was changed)\n"
    )
    report = json.loads(hub("apply", str(COUNTY), "--json").stdout)
    assert (report["unchanged"], report["changes"]) == (19, [])
    assert oct((hub.folder / "county-out.yaml").stat().st_mode & 0o777) == "0o600"


def test_apply_says_every_mistake(hub: Shell) -> None:
    """A line per mistake on stderr, nothing on stdout, exit code 2, nothing applied."""
    shutil.copy(ROOT / "tests" / "e2e" / "ten_mistakes.yaml", hub.folder / "wrong.yaml")
    done = hub.process("apply", "wrong.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 11
    assert all(line.startswith("wrong.yaml:") and "; " in line for line in lines[:10])
    assert lines[-1] == "hub apply: 10 mistakes in the registry, nothing was applied"
    assert "areas:" not in hub("export").stdout


ONE_LINE: list[tuple[str, tuple[str, ...], dict[str, str], str]] = [
    ("a file that is not there", ("apply", "no.yaml"), {}, "hub apply: no.yaml: the file cannot be read"),
    ("a flag that is wrong", ("check", "--port", "x"), {}, "hub check: --port: 'x' is not a whole number"),
    (
        "a variable that is wrong",
        ("export",),
        {"HUB_PORT": "-1"},
        "hub export: HUB_PORT: '-1' is out of range",
    ),
    (
        "a folder that cannot be",
        ("export", "--data", "/proc/no"),
        {},
        "hub export: /proc/no: the data folder cannot",
    ),
    ("no ledger to verify", ("audit", "verify"), {}, "hub audit: "),
    ("a model that is not there", ("models", "check", "nobody"), {}, "hub models: "),
    ("a user that is not there", ("user", "remove", "nobody"), {}, "hub user: there is no user 'nobody'"),
    (
        "a role nobody has",
        ("user", "add", "li", "--role", "boss"),
        {},
        "hub user add: there is no 'boss' here",
    ),
    ("another secret", ("export",), {"HUB_SECRET": "short"}, "hub export: HUB_SECRET: too short"),
]


@pytest.mark.parametrize(("why", "arguments", "env", "told"), ONE_LINE, ids=[row[0] for row in ONE_LINE])
def test_errors_are_one_line(
    hub: Shell, why: str, arguments: tuple[str, ...], env: dict[str, str], told: str
) -> None:
    """What went wrong, where, and the mend: one line, never a traceback; exit code 2."""
    done = hub(*arguments, env=env)
    assert done.returncode == 2, why
    assert done.stdout == ""
    assert done.stderr.startswith(told), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_users(hub: Shell) -> None:
    """A user is added, listed and removed; a made-up password is told once; odd things are warned of."""
    hub("apply", str(COUNTY))
    made = hub("user", "add", "li", "--role", "handler", "--unit", "duty-room")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("created user li (handler)\npassword: ")
    assert made.stderr == ""
    weak = hub("user", "add", "li", "--role", "operator", "--password-stdin", stdin="short\n")
    assert weak.stdout == "updated user li (operator)\n"
    assert weak.stderr.splitlines() == [
        "warning: the password is shorter than 10 characters",
        "warning: without --area this operator sees nothing",
    ]
    listed = hub("user", "list")
    assert listed.stdout == "li\toperator\t-\nwang\tinspector\tcounty canteen-school\n"
    nobody = hub("user", "add", "wu", "--role", "operator", "--area", "nowhere")
    assert nobody.returncode == 2
    assert "there is no area 'nowhere'" in nobody.stderr
    assert hub("user", "remove", "li").stdout == "removed user li\n"
    assert "li" not in hub("user", "list").stdout


def test_check(hub: Shell) -> None:
    """Every part in a line; warnings do not fail, errors do, strict makes them one."""
    hub("apply", str(COUNTY))
    lines = hub("check", "--port", "0").stdout.splitlines()
    assert "ok: registry: 2 areas, 2 sites, 4 devices, 2 rules" in lines
    text = COUNTY.read_text("utf-8").replace("owner: 第一小学, sign_posted: true, filed_no: 12", "fps: 5")
    hub("apply", "-", stdin=text.replace("fps: 5, fps: 5", "fps: 5").replace("fps: 5,\n", "\n"))
    missing = hub("check", "--port", "0")
    assert missing.returncode == 0, missing.stdout
    told = "warning: devices school-1-cam: missing for a public-safety camera: owner, sign_posted: true, filed_no"
    assert told in missing.stdout
    assert hub("check", "--port", "0", "--strict").returncode == 1
    wrong = hub("check", "--port", "0", "--models", "no-models", "--broker-url", "mqtt://127.0.0.1:1")
    assert wrong.returncode == 1
    assert "error: models: a camera names 'coco-ssd', and there is none" in wrong.stdout
    assert "error: broker: 127.0.0.1:1 does not let us in" in wrong.stdout
    guest = hub("check", "--host", "0.0.0.0", "--port", "0", env={"HUB_GUEST": "1", "HUB_PROT": "1"})
    assert guest.returncode == 1
    assert "without a password" in guest.stdout
    assert "HUB_PROT is no setting; did you mean HUB_PORT?" in guest.stdout


def test_check_of_a_small_broker(hub: Shell) -> None:
    """A foreign broker with mosquitto's defaults is found out: it forgets what waits for a hub that is away."""
    port = free_port()
    broker = subprocess.Popen(
        [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        done = hub("check", "--port", "0", "--broker-url", f"mqtt://127.0.0.1:{port}")
    finally:
        broker.terminate()
        broker.wait(5)
    assert f"warning: broker: 127.0.0.1:{port} kept 1000 of 1500 messages" in done.stdout, done.stdout
    assert "max_queued_messages 200000" in done.stdout


def test_models(hub: Shell, tmp_path: Path) -> None:
    """A model that is whole is ok; cut in half it fails with the reason, and check says so by its exit code."""
    source = ROOT / "models" / "coco-ssd"
    target = tmp_path / "models" / "coco-ssd"
    target.mkdir(parents=True)
    for each in source.iterdir():
        content = each.read_bytes()
        (target / each.name).write_bytes(content[: len(content) // 2] if each.suffix == ".onnx" else content)
    whole = hub("models", "check")
    assert whole.returncode == 0
    assert [line.split("\t")[:2] for line in whole.stdout.splitlines()] == [
        ["centerface", "ok"],
        ["coco-ssd", "ok"],
    ]
    half = hub("models", "check", "coco-ssd", "--models", str(tmp_path / "models"))
    assert (half.returncode, half.stdout.split("\t")[:2]) == (1, ["coco-ssd", "failed"])
    assert hub("models", "list", "--models", str(tmp_path / "models")).returncode == 0


def test_audit_verify(hub: Shell) -> None:
    """A trail nobody touched is whole; a changed row is found."""
    hub("apply", str(COUNTY))
    whole = hub("audit", "verify")
    assert whole.returncode == 0, whole.stdout
    assert whole.stdout == "whole: 1 audit rows, 19 events, every case history\n"
    with sqlite3.connect(hub.data / "hub.db") as database:
        database.execute("UPDATE audit SET who = 'somebody else'")
    database.close()
    changed = hub("audit", "verify")
    assert changed.returncode == 1
    assert "audit-chain: 1: the row is not what was sealed" in changed.stdout


def test_with_a_running_hub(hub: Shell, tmp_path: Path) -> None:
    """While a hub runs on the data, the commands work through it, and every mistake still comes with its line."""
    with open_house(tmp_path) as house, DataLock(hub.data):
        run = {"pid": os.getpid(), "http": house.url, "mqtt": "", "rtsp": {}, "workers": []}
        (hub.data / "run.json").write_text(json.dumps(run))
        env = {"HUB_SECRET": SECRET}
        exported = hub("export", env=env)
        assert exported.returncode == 0, exported.stderr
        assert "school-1" in exported.stdout
        (hub.folder / "out.yaml").write_text(exported.stdout)
        again = hub("apply", "out.yaml", "--prune", env=env)
        assert again.returncode == 0, again.stderr
        assert again.stdout.startswith("created 0, updated 0, unchanged ")
        (hub.folder / "wrong.yaml").write_text("\nunits:\n  - {id: x, nam: y}\n")
        wrong = hub("apply", "wrong.yaml", env=env)
        assert wrong.returncode == 2
        assert wrong.stderr.splitlines() == [
            "wrong.yaml:3: units[0].nam: unknown key nam; did you mean name?",
            "hub apply: 1 mistake in the registry, nothing was applied",
        ]
        added = hub("user", "add", "new.person", "--role", "auditor", env=env)
        assert added.returncode == 0, added.stderr
        assert "new.person\tauditor" in hub("user", "list", env=env).stdout
        gone = hub("user", "remove", "new.person", env=env)
        assert (gone.returncode, gone.stdout) == (0, "removed user new.person\n")
        stranger = hub("export", env={"HUB_SECRET": "another-secret-of-another-hub-entirely"})
        assert stranger.returncode == 2
        assert stranger.stderr.startswith(
            "hub export: the running hub refused: the token is not one of this hub"
        )


def test_mapping_tables(hub: Shell, tmp_path: Path) -> None:
    """A table goes in from a file and out again, with the hub at rest; mistakes are told with file and line."""
    assert hub("apply", str(COUNTY)).returncode == 0
    table = tmp_path / "c.csv"
    table.write_text("theirs,ours,note\n0101,litter,垃圾\n", "utf-8")
    done = hub("mappings", "import", "category", str(table))
    assert (done.returncode, done.stdout) == (0, "created 1, updated 0, unchanged 0, deleted 0\n"), (
        done.stderr
    )
    assert hub("mappings", "export", "category").stdout == table.read_text("utf-8")
    table.write_text("theirs,ours\n1,nobody\n,x\n", "utf-8")
    done = hub("mappings", "import", "unit", str(table))
    assert done.returncode == 2
    assert f"{table}:2: ours: there is no unit 'nobody'" in done.stderr
    assert f"{table}:3: theirs: is empty" in done.stderr
    assert hub("audit", "verify").returncode == 0


def test_an_address_to_push_to(hub: Shell) -> None:
    """Printed again and again it is the same, renewed another; both stand in the trail; who does not push has none."""
    hub("apply", str(COUNTY))
    device = "devices: [{id: gate, site: school-1, kind: sensor, payload: hikvision, topic: push/gate}]"
    assert hub("apply", "-", stdin=device).returncode == 0
    first = hub("address", "gate")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("http://127.0.0.1:8000/api/v1/push/gate/")
    assert hub("address", "gate").stdout == first.stdout
    renewed = hub("address", "gate", "--renew")
    assert renewed.stdout != first.stdout
    assert hub("address", "gate").stdout == renewed.stdout
    refused = hub("address", "school-1-gas")
    assert refused.returncode == 2
    assert "give the device `topic: push/school-1-gas`" in refused.stderr
    assert hub("audit", "verify").returncode == 0


def test_while_another_command_holds_the_data(hub: Shell) -> None:
    """Two writers on one folder: the second is refused, and told who has it."""
    with DataLock(hub.data):
        done = hub("export")
    assert done.returncode == 2
    assert f"process {os.getpid()}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_apply_a_sheet(hub: Shell, tmp_path: Path) -> None:
    """A county's list in CSV goes the same way: mistakes with their row, a dry run, all of it or nothing."""
    county = tmp_path / "county.yaml"
    county.write_text(
        "areas: [{id: county, level: county, name: 县}]\nunits: [{id: city, name: 城管}]\n", "utf-8"
    )
    assert hub("apply", str(county)).returncode == 0
    sheet = tmp_path / "ours.csv"
    head, good = "编号,大类,小类名称,责任单位,处置时限\n", "a-1,环境卫生,一,city,4工作时\n"
    sheet.write_text(f"{head}{good}a-2,环境卫生,二,nobody,1h\na-3,环境卫生,三,city,5\n", "utf-8")
    wrong = hub("apply", str(sheet))
    assert wrong.returncode == 2
    assert f"{sheet}:3: categories[1].unit: there is no unit 'nobody'" in wrong.stderr
    assert f"{sheet}:4: categories[2].limits.handle" in wrong.stderr
    sheet.write_text(head + good, "utf-8")
    assert hub("apply", str(sheet), "--dry-run").stdout.endswith("nothing was changed)\n")
    assert "created 1, updated 0" in hub("apply", str(sheet)).stdout
    assert "unchanged 1" in hub("apply", str(sheet)).stdout

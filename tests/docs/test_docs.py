"""The documents hold what they promise: links lead somewhere, commands exist, tables agree with the code."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

import pytest
import yaml

from api.app import NOUNS, PREFIX
from api.errors import SLUGS
from api.rights import ROLES
from config.load import parse
from config.registry import Registry
from config.settings import Settings
from detectors.shelf import kinds
from hub.demo.county import THINGS
from hub.demo.footage import FOOTAGE
from hub.serve.sensors import bindings_of
from ingest import errors
from ingest.decode import Decoder, conventions, decode
from ingest.interpret import interpret
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
GUIDES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [ENGLISH, CHINESE, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *GUIDES]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 11, 22, 4, 0, 30, tzinfo=UTC)


def name_of(path: Path) -> str:
    """As a test's id."""
    return str(path.relative_to(ROOT))


@cache
def text_of(path: Path) -> str:
    """The document."""
    return path.read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """Its fenced blocks of this language."""
    return [body for found, body in FENCE.findall(text_of(path)) if found == language]


def guide(name: str) -> Path:
    """One of docs/."""
    return ROOT / "docs" / f"{name}.md"


def anchors(path: Path) -> set[str]:
    """What its headings are linked by."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    """Relative links and images name files that are there, and headings that are in them."""
    for target in LINK.findall(FENCE.sub("", text_of(document))):
        if target.startswith(("http://", "https://")):
            continue
        file, _, heading = target.partition("#")
        path = (document.parent / file).resolve() if file else document
        assert path.exists(), target
        assert ROOT in (path, *path.parents), target
        if heading:
            assert heading in anchors(path), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_named_test_is_there(document: Path) -> None:
    """A test is named by its file's name, and the link's text is the file that it leads to."""
    for label, target in re.findall(r"\[(test_\w+\.py)\]\(([^)]+)\)", text_of(document)):
        assert Path(target).name == label
        assert "def test_" in text_of((document.parent / target).resolve())


def rows(path: Path, first_cell: str) -> list[list[str]]:
    """The rows of the table whose head begins with this cell."""
    found: list[list[str]] = []
    inside = False
    for line in text_of(path).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif inside and set(line) - set("|-: "):
            found.append(cells)
        inside = inside or bool(cells and cells[0] == first_cell)
    return found


@pytest.mark.parametrize(
    ("document", "head", "words"),
    [(ENGLISH, "part", ("works", "plain", "not yet")), (CHINESE, "部分", ("可用", "简版", "未做"))],
    ids=["en", "zh"],
)
def test_what_works_is_shown_by_a_test(document: Path, head: str, words: tuple[str, str, str]) -> None:
    """Each row says works, plain or not yet; all but the last name a test."""
    table = rows(document, head)
    assert len(table) > 20
    for part, state, shown in table:
        assert state in words, part
        assert bool(LINK.findall(shown)) == (state != words[2]), part


def test_both_readmes_tell_the_same() -> None:
    """As many sections, table rows, states and blocks; the same tests, streams and devices."""

    def shape(path: Path, words: tuple[str, str, str], head: str) -> dict[str, object]:
        text = text_of(path)
        return {
            "sections": len(re.findall(r"^## ", text, re.MULTILINE)),
            "rows": len(re.findall(r"^\|", text, re.MULTILINE)),
            "states": [words.index(row[1]) for row in rows(path, head)],
            "tests": re.findall(r"\]\((tests/[^)]+)\)", text),
            "code": [set(re.findall(r"`([^`\n]+)`", line)) for line in text.splitlines() if line.startswith("| `")],
            "output": [body.strip() for body in blocks(path, "") if not body.startswith("make ")],
            "refusals": len(re.findall(r"^- \*\*", text, re.MULTILINE)),
        }  # fmt: skip

    english = shape(ENGLISH, ("works", "plain", "not yet"), "part")
    chinese = shape(CHINESE, ("可用", "简版", "未做"), "部分")
    assert english == chinese


def test_everything_of_the_demo_is_named() -> None:
    """Every stream and every simulated device stands in the README, composed scenes as such."""
    for document in (ENGLISH, CHINESE):
        text = text_of(document)
        for each in FOOTAGE:
            row = next(line for line in text.splitlines() if line.startswith(f"| `{each.camera}`"))
            assert each.source.file in row
            assert ("composed scene" in row or "合成场景" in row) == each.composed
        for thing in THINGS:
            for device in thing.devices:
                assert f"`{device}`" in text, device


def test_every_make_target_is_there() -> None:
    """`make demo` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        for target in re.findall(r"(?:^|`)make ([a-z]+)", text_of(document), re.MULTILINE):
            assert target in targets, f"{name_of(document)}: make {target}"


def commands() -> dict[str, str]:
    """Every command's file."""
    folder = ROOT / "hub" / "commands"
    return {path.stem: text_of(path) for path in folder.glob("[a-z]*.py")}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_is_there(document: Path) -> None:
    """`hub <command> [<action>] --flag` in a document is what the command line knows."""
    known = commands()
    flags = {f"--{name.replace('_', '-')}" for name in Settings.model_fields} | {"--settings", "--help"}
    for line in re.findall(r"(?:^|`)hub ([a-z][^`\n]*)", text_of(document), re.MULTILINE):
        words = line.split("   ")[0].split()
        if words[0].endswith(":"):  # what a command says
            continue
        assert words[0] in known, f"hub {line}"
        source = known[words[0]]
        if "add_subparsers" in source and len(words) > 1:
            assert f'"{words[1]}"' in source, f"hub {line}"
        for flag in re.findall(r"(--[a-z][a-z-]*)", " ".join(words)):
            assert flag in flags or f'"{flag}"' in source, f"hub {line}"


def test_every_setting_is_explained() -> None:
    """Each setting has its row with its variable; no row names a setting that is not."""
    table = {row[0].strip("`"): row[1].strip("`") for row in rows(guide("configure"), "setting")}
    assert table == {name: f"HUB_{name.upper()}" for name in Settings.model_fields}


def test_every_rule_kind_is_explained() -> None:
    """Each kind of the shelf has its row."""
    assert {row[0].strip("`") for row in rows(guide("configure"), "kind")} == set(kinds())


def test_the_registry_of_the_guide_is_one() -> None:
    """The examples of configure.md, put together, are a registry without a mistake."""
    together: dict[str, list[object]] = {}
    for body in blocks(guide("configure"), "yaml"):
        for section, entries in yaml.safe_load(body).items():
            together.setdefault(section, []).extend(entries)
    assert set(together) >= {"areas", "units", "sites", "contacts", "devices", "rules", "routes", "users"}
    parse(json.dumps(together, ensure_ascii=False), "configure.md").resolve(Registry())


def sections(path: Path) -> dict[str, str]:
    """The document's `### ` sections by their heading."""
    parts = re.split(r"^### (.+)$", text_of(path), flags=re.MULTILINE)
    return {
        head.strip("`"): body.split("\n## ")[0] for head, body in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("convention", sorted(conventions()))
def test_every_convention_has_an_example_that_is_understood(convention: str) -> None:
    """The example's payload, bound by the example's line of the registry, is a reading of that device."""
    body = sections(guide("connect-devices"))[convention]
    found = dict.fromkeys(["mqtt", "yaml"], "")
    messages = [
        (topic, payload.encode() if kind == "mqtt" else bytes.fromhex(payload))
        for kind, block in FENCE.findall(body)
        if kind in {"mqtt", "mqtthex"}
        for topic, _, payload in [block.strip().partition("\n")]
    ]
    for kind, block in FENCE.findall(body):
        found[kind] = block
    entry = yaml.safe_load(found["yaml"])["devices"][0]
    county = {
        "areas": [{"id": "county", "level": "county", "name": "县"}],
        "sites": [{"id": entry["site"], "area": "county", "kind": "village", "name": "点"}],
        "devices": [entry],
    }
    bindings = bindings_of(parse(json.dumps(county), "example").resolve(Registry()))
    described = Described(mapped=bindings.mapped)
    devices: set[str | None] = set()
    for topic, payload in messages:
        message = Message(topic, payload, 1, retain=False, received_at=NOW)
        said = decode(convention, message, zone=UTC, described=described)
        if said.announcement is not None:
            described = described.after(said.announcement)
        assert not interpret(said.observations, "device", received_at=NOW).refused
        if interpret(said.observations, "device", received_at=NOW).readings:
            devices |= {bindings.resolve(convention, topic, each.name) for each in said.observations}
        devices |= {bindings.resolve(convention, topic, each.name) for each in said.episodes}
    assert entry["id"] in devices


def test_every_refusal_of_a_payload_is_explained() -> None:
    """A reason that a payload can be refused for stands in the table."""
    table = " ".join(row[0] for row in rows(guide("connect-devices"), "reason"))
    for path in [*ROOT.glob("ingest/*.py"), *ROOT.glob("ingest/payloads/*.py")]:
        for reason in re.findall(r'reason="([a-z0-9-]+)"', text_of(path)):
            if reason != "unknown-convention" and reason != "unknown-quantity":  # noqa: PLR1714 - two causes:
                # the first is our own mistake in a call, the second becomes an extra and refuses nothing
                assert f"`{reason}`" in table, f"{name_of(path)}: {reason}"


def paths() -> set[str]:
    """Every HTTP and websocket path of the API."""
    return {f"{PREFIX}{getattr(route, 'path')}" for router in NOUNS for route in router.routes}  # noqa: B009 - every route has one


def test_every_path_of_the_api_is_mentioned() -> None:
    """No path is missing from api.md, none is made up."""
    text = text_of(guide("api"))
    known = paths()
    for path in known:
        assert path in text, path
    listed = re.findall(r"(?:GET|POST|PUT|DELETE)?`?(/api/v1/[a-z/.0-9{}_-]*[a-z0-9}])", FENCE.sub("", text))
    for path in listed:
        assert path in known, path


def test_every_problem_is_mentioned() -> None:
    """Each slug of the tree of errors that HTTP can answer stands in api.md."""
    text = text_of(guide("api"))
    slugs = {
        cause.slug
        for cause in vars(errors).values()
        if isinstance(cause, type) and issubclass(cause, errors.HubError)
    }
    for slug in {*slugs, *SLUGS.values()} - {"error"}:
        assert f"`{slug}`" in text, slug


def test_the_table_of_rights_is_the_codes() -> None:
    """Every tick of security.md is a right of that role, and none is missing."""
    heads = next(line for line in text_of(guide("security")).splitlines() if line.startswith("| right |"))
    roles = [cell.strip() for cell in heads.strip("|").split("|")][1:]
    told: dict[str, set[str]] = {role: set() for role in roles}
    for line in text_of(guide("security")).splitlines():
        right = re.match(r"\| `([a-z-]+\.[a-z]+)`", line)
        if right:
            for role, cell in zip(roles, line.strip("|").split("|")[1:], strict=True):
                if "✓" in cell:
                    told[role].add(right[1])
    assert told == {role: set(rights) for role, rights in ROLES.items()}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_speed_is_promised(document: Path) -> None:
    """Figures of speed and capacity come only from bench/, and no word is a superlative of the trade."""
    text = FENCE.sub("", text_of(document))
    assert not re.search(r"\d+(\.\d+)? ?(fps|msg/s|readings per|messages? per second|cameras per)\b", text)
    assert not re.search(
        r"(?i)blazing|world-class|best-in-class|state[- ]of[- ]the[- ]art|industry-leading|业界领先|毫秒级",
        text,
    )


def test_python_in_the_documents_is_python() -> None:
    """Every Python block compiles."""
    for document in DOCUMENTS:
        for body in blocks(document, "python"):
            compile(body, name_of(document), "exec")


def test_the_example_convention_works() -> None:
    """The file that add-a-kind.md would put on the shelf reads its own example, and refuses what is none."""
    [body] = blocks(guide("add-a-kind"), "python")
    shelf: dict[str, object] = {}
    exec(compile(body, "soil.py", "exec"), shelf)  # noqa: S102 - our own document
    decoder = cast("Decoder", shelf["decode"])

    def said(payload: bytes) -> Decoded:
        message = Message("soil/7", payload, 1, retain=False, received_at=NOW)
        return decoder(message, zone=UTC, described=Described())

    [observation] = said(b'{"t": 18.2, "v": 3.61}').observations
    [reading] = interpret([observation], "soil-7", received_at=NOW).readings
    assert (observation.name, reading.quantity, reading.value) == ("7", "temperature", 18.2)
    with pytest.raises(errors.MalformedPayload):
        said(b"18.2")

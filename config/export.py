"""Export: the registry of the ledger as a file that apply reads back as all unchanged; secrets are `***`."""

from __future__ import annotations

import yaml

from alerts.ledger.engine import Connection
from config.apply import read_stored
from config.entries import Stored, registry_of
from config.nouns.area import LEVELS, Area
from config.registry import SECTIONS
from config.secrets import MASK

HEAD = """\
# The registry of this hub. `hub apply` reads it back; *** keeps the secret that is stored.
"""


def dump(conn: Connection) -> str:
    """The whole registry as YAML."""
    return dump_stored(read_stored(conn))


def dump_stored(stored: tuple[Stored, ...]) -> str:
    """Stored entries as YAML: sections in their order, areas from the top down, routes as they are tried."""
    by_key = {(each.noun, each.key): each for each in stored}
    parts = [HEAD]
    sections: dict[str, list[dict[str, object]]] = {}
    for section, key, item in registry_of(stored).items():
        entry = by_key[SECTIONS[section], key]
        body = {name: entry.body[name] for name in type(item).model_fields if name in entry.body}
        body |= {name: value for name, value in entry.body.items() if name not in body}
        body |= dict.fromkeys(sorted(entry.secrets), MASK)
        if section == "routes":
            body.pop("order", None)
        sections.setdefault(section, []).append(body)
    levels = {
        area.id: LEVELS.index(area.level) for area in registry_of(stored).areas if isinstance(area, Area)
    }
    sections.get("areas", []).sort(key=lambda body: (levels[str(body["id"])], str(body["id"])))
    for section, bodies in sections.items():
        parts.append(f"{section}:\n")
        parts.extend(f"  - {_line(body)}\n" for body in bodies)
    return "".join(parts)


def _line(body: dict[str, object]) -> str:
    """One entry on one line: easy to search, to compare and to sort."""
    text = yaml.safe_dump(
        body, allow_unicode=True, default_flow_style=True, sort_keys=False, width=float("inf")
    )
    return str(text).strip()

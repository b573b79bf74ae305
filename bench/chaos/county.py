"""County: the small registry of a chaos run: two towns, sensors with a rule, nobody waits for anything."""

from __future__ import annotations

PASSWORD = "only-for-the-chaos"  # noqa: S105 - of a ledger that is thrown away
SITES = ("school-1", "school-2")
SENSORS = ("school-1-t", "school-2-t")
READER = "olga"
"""An operator who sees the one town only."""

REGISTRY = f"""
areas:
  - {{id: county, level: county, name: 县}}
  - {{id: east, parent: county, level: town, name: 东镇}}
  - {{id: west, parent: county, level: town, name: 西镇}}
units: [{{id: duty-room, area: county, name: 值班室}}]
sites:
  - {{id: school-1, area: east, kind: canteen-school, name: 一小}}
  - {{id: school-2, area: west, kind: canteen-school, name: 二小}}
devices:
  - {{id: school-1-t, site: school-1, kind: sensor}}
  - {{id: school-2-t, site: school-2, kind: sensor}}
rules:
  - {{id: warm, kind: threshold, sites: [school-1, school-2], quantity: temperature, above: 8, severity: major}}
routes: [{{unit: duty-room}}]
users: [{{name: {READER}, role: operator, areas: [east], password: {PASSWORD}}}]
"""

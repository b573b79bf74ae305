"""Every mistake of a registry file is told at once, with its line, what is wrong, and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import load
from config.nouns.device import Camera
from config.registry import Registry
from ingest.errors import InvalidInput, InvalidRegistry, Mistake

COUNTY = (Path(__file__).parent / "county.yaml").read_text("utf-8")


def mistakes(text: str, known: Registry | None = None) -> tuple[Mistake, ...]:
    """What is wrong with a text."""
    with pytest.raises(InvalidRegistry) as caught:
        load(text, "county.yaml", known=known)
    return caught.value.mistakes


TEN = """\
areas:
  - {id: county, level: county, name: 示范县}
  - {id: east, parent: countie, level: town, name: 城东镇}
sites:
  - {id: school-1, area: county, kind: canteen-scool, name: 一小}
  - {id: school-2, aera: county, kind: canteen-school, name: 二小}
devices:
  - {id: cam-1, site: school-1, kind: camera, url: "rtps://10.0.0.1/live"}
  - {id: cam-2, site: school-1, kind: camra, url: "rtsp://10.0.0.2/live"}
  - {id: cam-1, site: school-1, kind: camera, url: "rtsp://10.0.0.3/live"}
rules:
  - id: store
    kind: presence
    devices: [cam-1]
    classes: [person]
    zone: [[0, 0], [1.2, 0], [1, 1]]
  - {id: warm, kind: threshold, sites: [school-1], quantity: temprature, above: 8, raise_after: 2 minutes}
  - {id: gas, kind: threshold, sites: [school-1], quantity: gas, above: high}
routes:
  - {match: {area: county}, unit: duty-room}
"""


def test_ten_and_more_mistakes_at_once() -> None:
    """A file with many different mistakes tells each once, on its own line, in the order of the file."""
    found = mistakes(TEN)
    assert [(each.line, each.path) for each in found] == [
        (3, "areas[1].parent"),
        (5, "sites[0].kind"),
        (6, "sites[1].aera"),
        (8, "devices[0].url"),
        (9, "devices[1].kind"),
        (10, "devices[2].id"),
        (16, "rules[0].zone"),
        (17, "rules[1].raise_after"),
        (18, "rules[2].above"),
        (19, "routes"),
        (20, "routes[0].unit"),
    ]
    told = {each.line: each for each in found}
    assert told[3].mend == "did you mean county?"
    assert told[5].mend == "did you mean canteen-school?"
    assert (told[6].what, told[6].mend) == ("unknown key aera", "did you mean area?")
    assert "rtsp://host:554/path" in told[8].mend
    assert told[9].what == "unknown kind 'camra'"
    assert told[9].mend == "did you mean camera? (known: camera, gateway, sensor, speaker)"
    assert told[10].what == "'cam-1' is there twice (first on line 8)"
    assert "0..1" in told[16].mend
    assert told[17].mend == "write 30s, 10m, 4h or 2d"
    assert told[18].what == "'high' is not a number"
    assert "without match" in told[19].what
    assert str(told[20]).startswith("county.yaml:20: routes[0].unit: there is no unit 'duty-room'; ")


def test_right() -> None:
    """A right county is read whole."""
    county = load(COUNTY, "county.yaml")
    assert len(list(county.items())) == 19
    camera = county.devices[0]
    assert isinstance(camera, Camera)
    assert (camera.url, camera.user, camera.password) == ("rtsp://10.0.0.1:554/live", "viewer", "pa@ss")
    assert camera.filed_no == "12"
    assert [each.phone for each in county.contacts] == ["13800000000", "013900000000"]
    assert county.users[0].password == "123456"
    assert [each.order for each in county.routes] == [1, 2]


Row = tuple[str, str, str, str, str]
ONE: list[Row] = [
    # why, text in the county, what is put there, part of what is told, part of the mend
    ("a section nobody knows", "units:", "unit:", "unknown section unit", "did you mean units?"),
    ("a section that is no list", "contacts:", "contacts: 5\nsites2:", "list of entries", "hyphen"),
    ("an entry that is none", "  - {id: duty-room, name: 值班室}", "  - duty-room", "not an entry", "keys and values"),
    ("an id with capitals", "id: east,", "id: East Side,", "not an id", "write east-side"),
    ("an id that is too long", "id: east,", f"id: {'e' * 64},", "not an id", "at most 63"),
    ("a missing name", "level: town, name: 城东镇", "level: town", "name is missing", "add name"),
    ("a name of another language", "{zh: 市场监管局, en:", "{zh: 市场监管局, fr:", "unknown language fr", "zh"),
    ("a number as name", "name: 值班室", "name: 5", "not a name", "quotes"),
    ("a zone of time nobody knows", "Asia/Shanghai", "Asia/Shanghigh", "not a time zone", "Asia/Shanghai"),
    ("an area below itself", "level: county, name: {zh: 示范县", "parent: east, level: county, name: {zh: 示范县",
     "circle", "take one parent out"),
    ("a county below a town", "parent: county, level: town", "parent: county, level: league",
     "cannot stand below", "highest first"),
    ("a latitude off the globe", "lat: 35.76", "lat: 135.76", "out of range", "not more than 90"),
    ("half a position", "lat: 35.76, lon: 116.80,", "lat: 35.76,", "belong together", "both or none"),
    ("closed until nobody knows", "state: closed-until, until: 2027-02-20", "state: closed-until",
     "belong together", "until:"),
    ("a forbidden kind of room", "kind: store, name", "kind: boys-toilet, name", "law forbids cameras", "remove it"),
    ("a forbidden kind of room, in Chinese", "kind: store, name", "kind: 女更衣室, name", "law forbids", "remove it"),
    ("a forbidden kind of site", "kind: village,", "kind: dormitory,", "law forbids cameras", "remove it"),
    ("a zone named as a forbidden room", "zone_name: store", "zone_name: bathroom", "law forbids", "remove it"),
    ("a room the site does not have", "room: store", "room: stoer", "has no room", "did you mean store?"),
    ("a file as camera address", "rtsp://viewer:pa%40ss@10.0.0.1:554/live", "file:///etc/passwd",
     "not a camera address", "rtsp://"),
    ("a web page as camera address", "rtsp://viewer:pa%40ss@", "http://", "not a camera address", "rtsp://"),
    ("the demo's placeholder", "rtsp://viewer:pa%40ss@10.0.0.1:554/live", "{rtsp}/kitchen", "hub demo", "own address"),
    ("two passwords", "fps: 5,", "fps: 5, password: other,", "another password", "give it once"),
    ("blind for ever", "fps: 5,", "fps: 5, max_blind: 1m,", "200ms to 4s", "correct it"),
    ("no such gate", "fps: 5,", "fps: 5, gate: shut,", "is not known here", "auto, open"),
    ("tiles of nothing", "fps: 5,", "fps: 5, tiles: 0x2,", "no grid of tiles", "2x2"),
    ("zero frames", "fps: 5", "fps: 0", "out of range", "more than 0"),
    ("a word for true", "sign_posted: true", "sign_posted: perhaps", "neither true nor false", "true or false"),
    ("a payload nobody knows", "payload: zigbee2mqtt", "payload: zigbee", "unknown payload",
     "did you mean zigbee2mqtt?"),
    ("a foreign device without topic", ", topic: zigbee2mqtt/school-1/fridge", "", "cannot be told apart", "topic"),
    ("a topic MQTT forbids", "topic: zigbee2mqtt/school-1/fridge", "topic: 'zigbee2mqtt/#/fridge'",
     "not a topic filter", "last level"),
    ("two sensors on one topic", "{id: school-1-gas, site: school-1, kind: sensor}",
     "{id: school-1-gas, site: school-1, kind: sensor, payload: zigbee2mqtt, topic: zigbee2mqtt/school-1/fridge}",
     "the same as school-1-fridge", "each its own"),
    ("a kind of rule nobody knows", "kind: presence", "kind: presense", "unknown kind", "did you mean presence?"),
    ("a rule without targets", "sites: [school-1], quantity", "quantity", "watches nothing", "name devices"),
    ("a rule on an unknown site", "sites: [school-1], quantity", "sites: [school-2], quantity",
     "no site 'school-2'", "did you mean school-1?"),
    ("a kind of site nobody knows, in a rule", "sites: [school-1], quantity", "site_kinds: [school], quantity",
     "no kind of site", "did you mean canteen-school?"),
    ("a rule on an unknown camera", "devices: [school-1-cam]", "devices: [school-1-cma]",
     "no device 'school-1-cma'", "did you mean school-1-cam?"),
    ("a look through a fridge", "devices: [school-1-cam]", "devices: [school-1-fridge]", "is a sensor",
     "name a camera"),
    ("a quantity nobody measures", "quantity: temperature", "quantity: temprature", "no quantity",
     "did you mean temperature?"),
    ("two limits", "above: 8,", "above: 8, below: 2,", "exactly one", ""),
    ("a limit with its unit", "above: 8,", "above: 8 °C,", "not a number", "without unit"),
    ("a zone of two corners", "[[0, 0], [1, 0], [1, 1], [0, 1]]", "[[0, 0], [1, 0]]", "", ""),
    ("a zone beside the picture", "[0, 1]]", "[0, 11]]", "outside", "0..1"),
    ("a duration without unit", "raise_after: 2s", "raise_after: 2", "not a duration", "30s"),
    ("a line of one point", "kind: presence,", "kind: line-crossing, line: [[0, 0.5]],", "2 points", "write [["),
    ("a line of no length", "kind: presence,", "kind: line-crossing, line: [[0, 0.5], [0, 0.5]],", "no length",
     "two points"),
    ("hours that are none", "kind: presence,", "kind: presence, schedule: [{hours: evening}],", "no hours",
     "06:00-18:00"),
    ("too many and too few", "kind: presence,", "kind: count, above: 3, below: 1,", "exactly one", ""),
    ("a point of a box nobody knows", "kind: presence,", "kind: presence, point: left,", "not known here",
     "bottom, middle, top"),
    ("two lengths of a stay", "kind: presence,", "kind: dwell, longer_than: 5m,", "says how long",
     "leave out `raise_after`"),
    ("a severity nobody knows", "clear_after: 5s, severity: major", "clear_after: 5s, severity: high",
     "not known", "one of: life"),
    ("one text where a list belongs", "classes: [person]", "classes: person", "where a list belongs", "write [person]"),
    ("one condition is not together", "[[smoke-seen, gas-level],", "[[smoke-seen, smoke-seen],", "two different",
     "write"),
    ("a route to nobody", "- {unit: duty-room}", "- {unit: duty-rom}", "no unit", "did you mean duty-room?"),
    ("a route without a way", "workflow: seven-step", "workflow: seven-steps", "no workflow",
     "did you mean seven-step?"),
    ("no route for the rest", "  - {unit: duty-room}", "  - {match: {site: school-1}, unit: duty-room}",
     "one route without match", "add"),
    ("a key of a match nobody knows", "kind: threshold}, unit", "flavour: threshold}, unit", "unknown key flavour",
     "known: "),
    ("a role nobody has", "role: inspector", "role: inspecter", "not known", "did you mean inspector?"),
    ("a user in no area", "areas: [county], site_kinds", "areas: [conuty], site_kinds", "no area", "county"),
    ("an empty password", "password: 123456", "password: ''", "too few letters", "at least 1"),
    ("a kept password that nobody stored", "password: 123456", "password: '***'", "none is stored", "write it out"),
    ("a step twice", "{step: handle, name: 处置", "{step: accept, name: 处置", "twice", ""),
    ("back to a later step", "return_to: accept", "return_to: handle", "no earlier step", "accept"),
    ("a device named as another place", "{id: village-1-horn,", "{id: school-1,", "is also a site", "another id"),
    ("a key twice", "areas: [county], site_kinds", "areas: [county], areas: [east], site_kinds", "twice", "keep one"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "right", "wrong", "what", "mend"), ONE, ids=[row[0] for row in ONE])
def test_one_mistake(why: str, right: str, wrong: str, what: str, mend: str) -> None:
    """One thing that is wrong is told on its own line, in words that lead to the mend."""
    assert right in COUNTY, "the row must change something"
    text = COUNTY.replace(right, wrong, 1)
    changed = next(
        at
        for at, (before, after) in enumerate(zip(COUNTY.splitlines(), text.splitlines(), strict=False), 1)
        if before != after
    )
    found = mistakes(text)
    told = [each for each in found if what in each.what and mend in each.mend]
    assert told, (why, [str(each) for each in found])
    # The line of the value, or that of its entry or section a line or two before.
    assert any(changed - 2 <= each.line <= changed for each in told), [str(each) for each in told]
    assert all(each.what and each.mend for each in found)


def test_one_wrong_id_is_one_mistake() -> None:
    """A thing that is wrong in itself is not also called unknown by everything that refers to it."""
    found = mistakes(COUNTY.replace("kind: canteen-school, name", "kind: canteen, name", 1))
    assert [each.path for each in found] == ["sites[0].kind"]


def test_secrets_are_never_repeated() -> None:
    """No message repeats a password, a phone number, or an address with one."""
    text = COUNTY.replace("rtsp://viewer:pa%40ss@", "htp://viewer:topsecret@", 1)
    text = text.replace("password: 123456", "password: [topsecret]", 1).replace(
        "13800000000", "{a: topsecret}", 1
    )
    found = mistakes(text)
    assert len(found) == 3
    assert "topsecret" not in "\n".join(str(each) for each in found)


def test_what_is_stored_may_be_referred_to() -> None:
    """A file with one more sensor needs nothing but that sensor."""
    known = load(COUNTY, "county.yaml")
    more = "devices: [{id: school-1-co, site: school-1, kind: sensor}]"
    assert [each.id for each in load(more, "more.yaml", known=known).devices] == ["school-1-co"]
    assert mistakes(more)[0].what == "there is no site 'school-1'"


def test_placeholders() -> None:
    """The demo fills in where it started its servers."""
    text = COUNTY.replace("rtsp://viewer:pa%40ss@10.0.0.1:554/live", "{rtsp}/kitchen")
    camera = load(text, placeholders={"rtsp": "rtsp://127.0.0.1:8554"}).devices[0]
    assert isinstance(camera, Camera)
    assert camera.url == "rtsp://127.0.0.1:8554/kitchen"


@pytest.mark.parametrize("text", ["", "[]", "just words", "areas:", "5"])
def test_no_registry_at_all(text: str) -> None:
    """A file of another kind is refused with one line, not with nothing."""
    assert len(mistakes(text)) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(InvalidInput, match=r"nowhere\.yaml: the file cannot be read"):
        load(tmp_path / "nowhere.yaml")

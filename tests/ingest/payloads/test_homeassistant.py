"""homeassistant (home-assistant.io: "MQTT" § discovery, "MQTT Sensor", "MQTT binary sensor")."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.decode import announcement_filters, conventions, listens
from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import Described, Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

GARDEN = "homeassistant/binary_sensor/garden/config"
BEDROOM = "homeassistant/sensor/sensorBedroomT/config"


def described(say: Say, *announced: tuple[str, object]) -> Described:
    """After these announcements."""
    known = Described()
    for topic, body in announced:
        found = say("homeassistant", topic, body).announcement
        assert found is not None
        known = known.after(found)
    return known


def readings(say: Say, known: Described, topic: str, payload: str) -> dict[str, float]:
    """Quantity → value of a state message."""
    decoded = say("homeassistant", topic, payload, described=known, filtered=False)
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert not read.refused
    return {each.quantity: each.value for each in read.readings}


def test_motion_detection_example(say: Say) -> None:
    """§ "Motion detection (binary sensor)": config, then plain ON on the state topic; device groups the names."""
    known = described(
        say,
        (
            GARDEN,
            {
                "name": None,
                "device_class": "motion",
                "state_topic": "homeassistant/binary_sensor/garden/state",
                "unique_id": "motion01ad",
                "device": {"identifiers": ["01ad"], "name": "Garden"},
            },
        ),
    )
    assert listens(known) == ("homeassistant/binary_sensor/garden/state",)
    assert readings(say, known, "homeassistant/binary_sensor/garden/state", "ON") == {"motion": 1.0}
    assert readings(say, known, "homeassistant/binary_sensor/garden/state", "OFF") == {"motion": 0.0}
    decoded = say(
        "homeassistant", "homeassistant/binary_sensor/garden/state", "ON", described=known, filtered=False
    )
    assert decoded.observations[0].name == "01ad"


def test_sensors_with_multiple_values_example(say: Say) -> None:
    """§ "Sensors": two sensors share one state topic and have a template each; nothing else is read."""
    state = "homeassistant/sensor/sensorBedroom/state"
    known = described(
        say,
        (
            BEDROOM,
            {
                "device_class": "temperature",
                "state_topic": state,
                "unit_of_measurement": "°C",
                "value_template": "{{ value_json.temperature}}",
                "unique_id": "temp01ae",
                "device": {"identifiers": ["bedroom01ae"], "name": "Bedroom"},
            },
        ),
        (
            "homeassistant/sensor/sensorBedroomH/config",
            {
                "device_class": "humidity",
                "state_topic": state,
                "unit_of_measurement": "%",
                "value_template": "{{ value_json.humidity}}",
                "unique_id": "hum01ae",
                "device": {"identifiers": ["bedroom01ae"], "name": "Bedroom"},
            },
        ),
    )
    payload = '{"temperature": 23.20, "humidity": 43.70, "co": 900}'
    assert readings(say, known, state, payload) == {"temperature": 23.2, "humidity": 43.7}


def test_abbreviations_and_base_topic(say: Say) -> None:
    """§ "Using abbreviations and base topic": `stat_t`, `uniq_id`, `~` at either end."""
    known = described(
        say,
        (
            BEDROOM,
            {
                "~": "homeassistant/sensor/kitchen",
                "uniq_id": "k1",
                "stat_t": "~/state",
                "dev_cla": "temperature",
                "unit_of_meas": "°F",
                "val_tpl": "{{ value_json['t'] | float }}",
                "avty_t": "~/lwt",
                "pl_avail": "Online",
                "pl_not_avail": "Offline",
            },
        ),
    )
    assert set(listens(known)) == {"homeassistant/sensor/kitchen/state", "homeassistant/sensor/kitchen/lwt"}
    assert readings(say, known, "homeassistant/sensor/kitchen/state", '{"t":"46.4"}') == {"temperature": 8.0}
    decoded = say(
        "homeassistant", "homeassistant/sensor/kitchen/lwt", "Offline", described=known, filtered=False
    )
    assert decoded.statuses == (Status("k1", False),)


def test_an_empty_body_takes_the_sensor_back(say: Say) -> None:
    """§ "Discovery messages": an empty payload deletes."""
    known = described(say, (GARDEN, {"device_class": "motion", "stat_t": "garden"}), (GARDEN, ""))
    assert listens(known) == ()
    assert say("homeassistant", "garden", "ON", described=known, filtered=False).hint == "not-announced"


def test_device_discovery(say: Say) -> None:
    """§ "Device discovery payload": several components in one announcement, shared keys above them."""
    body = {
        "dev": {"ids": "ea334450945afc", "name": "Kitchen"},
        "o": {"name": "bla2mqtt"},
        "cmps": {
            "t": {"p": "sensor", "device_class": "temperature", "unit_of_measurement": "°C",
                  "value_template": "{{ value_json.temperature }}", "unique_id": "temp01ae_t"},
            "l": {"p": "switch", "unique_id": "x"},
        },
        "state_topic": "sensorBedroom/state",
        "qos": 2,
    }  # fmt: skip
    known = described(say, ("homeassistant/device/0AFFD2/config", body))
    assert readings(say, known, "sensorBedroom/state", '{"temperature":4}') == {"temperature": 4.0}


@pytest.mark.parametrize(
    ("component", "config", "payload", "expected", "reason"),
    [
        ("binary_sensor", {"device_class": "door"}, "ON", {"door": 1.0}, "door: on means open"),
        ("binary_sensor", {"device_class": "moisture"}, "ON", {"water_leak": 1.0}, "moisture: on means wet"),
        ("binary_sensor", {"device_class": "gas"}, "ON", {"gas_alarm": 1.0}, "a detector, no percentage"),
        ("binary_sensor", {"device_class": "battery"}, "ON", {}, "on means low, which is no level"),
        ("binary_sensor", {"device_class": "plug"}, "OFF", {"mains": 0.0}, "unplugged"),
        (
            "sensor",
            {"device_class": "gas", "unit_of_measurement": "m³"},
            "41.5",
            {},
            "a gas meter is no leak",
        ),
        ("sensor", {"device_class": "moisture", "unit_of_measurement": "%"}, "41", {}, "soil, not a leak"),
        (
            "sensor",
            {"device_class": "carbon_monoxide", "unit_of_measurement": "ppm"},
            "30",
            {"co": 30.0},
            "ppm",
        ),
        (
            "sensor",
            {"device_class": "wind_speed", "unit_of_measurement": "km/h"},
            "36",
            {"wind": 10.0},
            "km/h",
        ),
        ("sensor", {"device_class": "power", "unit_of_measurement": "kW"}, "1.2", {"power": 1200.0}, "kW"),
        ("sensor", {"device_class": "temperature"}, "unavailable", {}, "a word for no value"),
        ("sensor", {"device_class": "temperature"}, "unknown", {}, "a word for no value"),
        (
            "binary_sensor",
            {
                "device_class": "door",
                "payload_on": False,
                "payload_off": True,
                "val_tpl": "{{ value_json.contact }}",
            },
            '{"contact": true}',
            {"door": 0.0},
            "Zigbee2MQTT announces contact turned round",
        ),
        (
            "sensor",
            {"value_template": "{{ value_json.humidity }}"},
            '{"humidity": 40}',
            {"humidity": 40.0},
            "without a device class the template's last name says what it is",
        ),
    ],
)
def test_device_classes(
    say: Say, component: str, config: dict[str, object], payload: str, expected: dict[str, float], reason: str
) -> None:
    """Home Assistant's device classes mean different things for numbers and for true/false."""
    known = described(say, (f"homeassistant/{component}/x/config", {**config, "state_topic": "x/state"}))
    assert readings(say, known, "x/state", payload) == expected, reason


@pytest.mark.parametrize(
    ("template", "payload", "value"),
    [
        ("{{ value }}", "4.2", "4.2"),
        ("{{ value_json }}", "4.2", 4.2),
        ("{{ value_json.a.b }}", '{"a":{"b":1}}', 1.0),
        ("{{ value_json['DS18B20']['Temperature'] }}", '{"DS18B20":{"Temperature":20.6}}', 20.6),
        ('{{ value_json["a b"] }}', '{"a b":1}', 1.0),
        ("{{ value_json.a[1] }}", '{"a":[5,6]}', 6.0),
        ("{{ value_json.a.1 }}", '{"a":[5,6]}', 6.0),
        ("{{ value_json.t | float / 10 }}", '{"t":"42"}', 4.2),
        ("{{ (value_json.t|float * 0.1)|round(1) }}", '{"t":"42"}', 4.2),
        ("{{ value|int - 5 }}", "47", 42.0),
        ("{{ - value_json.t }}", '{"t":3}', -3.0),
        ("{{ value_json.t | default(7) }}", "{}", 7.0),
        ("{{ value_json.t | is_defined }}", "{}", None),
        ("{{ value_json.t.u.v }}", "{}", None),
        ("{{ 'ON' if value_json.t > 5 else 'OFF' }}", '{"t":6}', "ON"),
        ("{{ 'ON' if value_json.s == 'open' and not value_json.q else 'OFF' }}", '{"s":"open"}', "ON"),
        ("{{ value_json.t / 0 }}", '{"t":6}', None),
        ("{{ value_json.s | upper }}", '{"s":"on"}', "ON"),
        ("{{ value_json.__class__ }}", "{}", None),
        ("{{ value_json.__class__.__mro__[1] }}", "{}", None),
        ("{{ value.__class__ }}", "x", None),
        ("{{ value_json.s * 1000000 }}", '{"s":"x"}', None),
    ],
)
def test_templates_that_are_understood(say: Say, template: str, payload: str, value: object) -> None:
    """Look-ups end in the message; dunder names are keys that are not there."""
    known = described(say, (BEDROOM, {"stat_t": "s", "dev_cla": "temperature", "val_tpl": template}))
    decoded = say("homeassistant", "s", payload, described=known, filtered=False)
    assert [each.value for each in decoded.observations] == ([] if value is None else [value])


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in range(999999999) %}x{% endfor %}",
        "{{ value.__class__.__mro__[1].__subclasses__() }}",
        "{{ range(9) }}",
        "{{ states('sensor.x') }}",
        "{{ value_json.a ** 99999 }}",
        "{{ value_json.a ~ 'b' }}",
        "{{ value | attr('__class__') }}",
        "{{ value_json['a' }}",
        "{{ }}",
        "{{ value_json.t }} °C",
        "{{ 1 }}{{ 2 }}",
        "plain",
        "{{ " + "(" * 200 + "1" + ")" * 200 + " }}",
        "{{ value_json" + "['a']" * 200_000 + " }}",
        "{{ namespace.x }}",
        "{{ 'a'.format() }}",
    ],
)
def test_templates_that_are_not(say: Say, template: str) -> None:
    """Loops, calls, attributes and everything else: the announcement is refused, nothing is evaluated."""
    with pytest.raises(MalformedPayload) as wrong:
        say("homeassistant", BEDROOM, {"stat_t": "s", "val_tpl": template})
    assert wrong.value.reason in {"unsupported-template", "too-large"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[]", "wrong-shape"),
        ("{", "not-json"),
        ({"stat_t": "a/#"}, "wrong-shape"),
        ({"stat_t": ""}, "wrong-shape"),
        ({"stat_t": ["a"]}, "wrong-shape"),
        ({"stat_t": "s", "dev": {"ids": [{"a": 1}]}}, "bad-name"),
        ({"stat_t": "s", "avty": "up"}, "wrong-shape"),
        ({"stat_t": "s", "avty": [{"t": "+"}]}, "wrong-shape"),
    ],
)
def test_wrong_announcements(say: Say, body: object, reason: str) -> None:
    """Refused when they come, so that no state message fails later; a wildcard subscribes to nothing."""
    with pytest.raises(MalformedPayload) as wrong:
        say("homeassistant", BEDROOM, body)
    assert wrong.value.reason == reason


def test_what_is_no_sensor_is_left_alone(say: Say) -> None:
    """Lights and switches announce themselves the same way."""
    decoded = say("homeassistant", "homeassistant/light/x/config", {"cmd_t": "x/set", "stat_t": "x"})
    assert decoded.announcement is None
    assert decoded.hint == "no-sensor"


def test_a_state_that_is_neither_on_nor_off(say: Say) -> None:
    """Not guessed."""
    known = described(say, (GARDEN, {"device_class": "door", "stat_t": "s"}))
    with pytest.raises(MalformedPayload):
        say("homeassistant", "s", "ajar", described=known, filtered=False)


def test_an_unreadable_description_from_an_older_version_is_left_out() -> None:
    """Kept descriptions are not trusted either."""
    known = Described({GARDEN: b"{", BEDROOM: json.dumps({"stat_t": "s", "dev_cla": "door"}).encode()})
    assert listens(known) == ("s",)


def test_bound_by_state_topic_or_by_identifier() -> None:
    """One registry device per state topic, or per announced device."""
    bindings = Bindings(
        [
            Binding("a", "s", "homeassistant", topic="kitchen/state"),
            Binding("b", "s", "homeassistant", external_id="01ad"),
        ]
    )
    assert bindings.resolve("homeassistant", "kitchen/state", "whatever") == "a"
    assert bindings.resolve("homeassistant", "any/state", "01ad") == "b"
    assert bindings.conventions("kitchen/state") == ("homeassistant",)


def test_announcements_are_asked_for_at_every_connection() -> None:
    """They are retained, and the only place that says what a state message means."""
    assert announcement_filters() == conventions()["homeassistant"].filters

"""Quantities: the table, the many names, units."""

from __future__ import annotations

import pytest

from config.catalogue import quantities
from ingest.errors import MalformedPayload
from ingest.quantity import ALARM_OF, QUANTITIES, SUFFIXES, SYNONYMS, quantity_of
from ingest.units import ALIASES, CASED, to_stored


def test_the_tables_for_people_and_for_the_edge_are_in_step() -> None:
    """config/quantities.yaml says what ingest does."""
    assert {word: (each.unit, each.low, each.high, each.boolean) for word, each in quantities().items()} == {
        word: (each.unit, each.low, each.high, each.boolean) for word, each in QUANTITIES.items()
    }


def test_every_synonym_names_a_quantity() -> None:
    """And every quantity is its own name."""
    assert set(SYNONYMS.values()) == set(QUANTITIES)
    assert {word for word in QUANTITIES if SYNONYMS.get(word) != word} <= set(ALARM_OF.values())
    assert set(ALARM_OF.values()) <= set(QUANTITIES)


@pytest.mark.parametrize(
    ("field", "quantity", "unit", "reason"),
    [
        ("temperature", "temperature", None, "the word itself"),
        ("temp", "temperature", None, "short"),
        ("Temperature", "temperature", None, "capital"),
        ("DS18B20.Temperature", "temperature", None, "Tasmota: the last level names it"),
        ("CurrentTemperature", "temperature", None, "Alink's standard property, camel case"),
        ("Temperature.value", "temperature", None, "IoTDA: the last level only says value"),
        ("Battery.level", "battery", None, "a level of a battery"),
        ("kitchen:GasSensorState", "gas_alarm", None, "Alink module prefix"),
        ("temperature_1", "temperature", None, "an index"),
        ("temp2", "temperature", None, "an index without a dash"),
        ("temperature_f", "temperature", "°F", "unit in the name"),
        ("waterLevel", "water_level", None, "camel case"),
        ("water_level_cm", "water_level", "cm", "unit in the name"),
        ("level_m", "water_level", None, "a level in metres"),
        ("co_ppm", "co", "ppm", "unit in the name"),
        ("gas_lel", "gas", "%LEL", "unit in the name"),
        ("pm2.5", "pm2_5", None, "the dot is no level"),
        ("PM25", "pm2_5", None, "no dot"),
        ("温度", "temperature", None, "Chinese"),
        ("co2", None, None, "carbon dioxide is no carbon monoxide"),
        ("CO2", None, None, "in capitals neither"),
        ("co_2", None, None, "nor with a dash"),
        ("linkquality", None, None, "radio"),
        ("voltage", None, None, "no quantity of ours"),
        ("pressure", None, None, "no quantity of ours"),
        ("ESP32.Temperature", None, None, "the chip's own inside"),
        ("device_temperature", None, None, "the device's own inside"),
        ("level", None, None, "a level of what?"),
        ("contact", None, None, "true is closed for one and open for another: decoders decide"),
        ("temperature_setpoint", None, None, "wanted, not measured"),
        ("temperature_calibration", None, None, "a setting"),
        ("", None, None, "nothing"),
        ("...", None, None, "nothing"),
        ("soil_moisture", None, None, "not a leak"),
    ],
)
def test_names(field: str, quantity: str | None, unit: str | None, reason: str) -> None:
    """A name that means nothing for certain means nothing."""
    found = quantity_of(field)
    assert (None if found is None else (found[0].word, found[1])) == (
        None if quantity is None else (quantity, unit)
    ), reason


@pytest.mark.parametrize(
    ("value", "unit", "stored", "expected"),
    [
        (46.4, "°F", "°C", 8.0),
        (46.4, "F", "°C", 8.0),
        (281.15, "K", "°C", 8.0),
        (8.0, "℃", "°C", 8.0),
        (8.0, "C", "°C", 8.0),
        (8.0, "Cel", "°C", 8.0),
        (40.0, "%RH", "%", 40.0),
        (350.0, "cm", "m", 3.5),
        (3500.0, "mm", "m", 3.5),
        (11.0, "ft", "m", 3.3528),
        (3600.0, "m³/h", "m³/s", 1.0),
        (60000.0, "L/min", "m³/s", 1.0),
        (36.0, "km/h", "m/s", 10.0),
        (1.0, "in", "mm", 25.4),
        (1.2, "kW", "W", 1200.0),
        (1.0, "MW", "W", 1_000_000.0),
        (1.0, "mW", "W", 0.001),
        (500.0, "ppb", "ppm", 0.5),
        (0.05, "mg/m³", "µg/m³", 50.0),
        (50.0, "μg/m3", "µg/m³", 50.0),
        (60.0, "dB(A)", "dB", 60.0),
        (7.0, "", "%LEL", 7.0),
        (7.0, None, "%LEL", 7.0),
        (7.0, "% LEL", "%LEL", 7.0),
    ],
)
def test_units(value: float, unit: str | None, stored: str, expected: float) -> None:
    """Each pair of units is one that a device of the trade sends."""
    assert to_stored(value, unit, stored) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("unit", "stored", "reason"),
    [
        ("ppm", "%LEL", "depends on which gas"),
        ("%", "%LEL", "a share of volume or of the explosive limit? a factor of twenty"),
        ("%", "°C", "another dimension"),
        ("mg/m³", "ppm", "depends on the temperature"),
        ("m", "°C", "another dimension"),
        ("kPa", "m", "a pressure is no level"),
        ("V", "%", "a voltage is no battery level"),
        ("m³", "%LEL", "a gas meter"),
        ("farad", "°C", "unknown"),
        ("__import__('os')", "°C", "no expression is evaluated"),
        ("9**9**9", "m", "no expression is evaluated"),
        ("°C" * 1000, "°C", "endless"),
    ],
)
def test_units_that_cannot_be_read(unit: str, stored: str, reason: str) -> None:
    """Refused by name, never guessed."""
    with pytest.raises(MalformedPayload) as wrong:
        to_stored(1.0, unit, stored)
    assert wrong.value.reason == "wrong-unit", reason


def test_every_alias_is_known_to_the_library() -> None:
    """A misspelt alias would refuse a good device."""
    stored = {each.unit for each in QUANTITIES.values() if each.unit}
    for alias in {*ALIASES, *CASED, *(unit for unit, _ in SUFFIXES.values())}:
        readable = 0
        for unit in stored:
            try:
                to_stored(1.0, alias, unit)
            except MalformedPayload:
                continue
            readable += 1
        assert readable, alias

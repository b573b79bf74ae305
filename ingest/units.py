"""Units: from what devices write (`℃`, `°F`, `cm`, `%LEL`) to the unit a quantity is stored in; pint behind it.

Conversions are affine, so each pair of units is asked of pint once and is a multiplication afterwards.
"""

from __future__ import annotations

from functools import cache

import pint

from ingest.errors import MalformedPayload

ALIASES: dict[str, str] = {
    # temperature
    "c": "degree_Celsius", "°c": "degree_Celsius", "℃": "degree_Celsius", "cel": "degree_Celsius",
    "degc": "degree_Celsius", "celsius": "degree_Celsius", "摄氏度": "degree_Celsius",
    "f": "degree_Fahrenheit", "°f": "degree_Fahrenheit", "℉": "degree_Fahrenheit", "far": "degree_Fahrenheit",
    "degf": "degree_Fahrenheit", "fahrenheit": "degree_Fahrenheit",
    "k": "kelvin", "kelvin": "kelvin",
    # shares
    "%": "percent", "%rh": "percent", "rh": "percent", "%r.h.": "percent", "percent": "percent", "％": "percent",
    "ppm": "ppm", "ppb": "ppb", "μmol/mol": "ppm", "µmol/mol": "ppm", "umol/mol": "ppm",
    "%lel": "percent_lel", "lel": "percent_lel", "%l.e.l.": "percent_lel", "lel%": "percent_lel",
    # lengths
    "m": "metre", "米": "metre", "cm": "centimetre", "厘米": "centimetre", "mm": "millimetre", "毫米": "millimetre",
    "dm": "decimetre", "ft": "foot", "in": "inch", "km": "kilometre",
    # flow
    "m³/s": "metre**3/second", "m3/s": "metre**3/second", "m^3/s": "metre**3/second",
    "m³/h": "metre**3/hour", "m3/h": "metre**3/hour", "m^3/h": "metre**3/hour",
    "l/s": "litre/second", "l/min": "litre/minute", "l/h": "litre/hour",
    # speed
    "m/s": "metre/second", "km/h": "kilometre/hour", "kmh": "kilometre/hour", "kph": "kilometre/hour",
    "mph": "mile/hour", "kn": "knot", "kt": "knot", "ft/s": "foot/second",
    # power
    "w": "watt", "kw": "kilowatt", "mw": "milliwatt",
    # angle
    "°": "degree", "deg": "degree", "度": "degree", "rad": "radian",
    # sound level: decibels are compared, not converted
    "db": "decibel_level", "dba": "decibel_level", "db(a)": "decibel_level", "分贝": "decibel_level",
    # mass in air
    "µg/m³": "microgram/metre**3", "μg/m³": "microgram/metre**3", "ug/m3": "microgram/metre**3",
    "µg/m3": "microgram/metre**3", "μg/m3": "microgram/metre**3", "ug/m³": "microgram/metre**3",
    "mg/m³": "milligram/metre**3", "mg/m3": "milligram/metre**3",
}  # fmt: skip
"""What devices write (lower case) → pint's name. Only what is listed is understood: `F` is never a farad."""

CASED: dict[str, str] = {"MW": "megawatt", "mW": "milliwatt"}
"""Where the case decides."""


def to_stored(value: float, unit: str | None, stored: str) -> float:
    """`value` in the quantity's stored unit; no unit at all means that it is the stored one already.

    MalformedPayload (`wrong-unit`) for a unit that is unknown or measures something else.
    """
    if unit is None or unit == stored or not unit.strip():
        return value
    factor, offset = _affine(unit, stored)
    return round(value * factor + offset, 9)  # below what any sensor resolves; hides binary dust


@cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("percent_lel = [lower_explosive_limit]")
    registry.define("ppb = 1e-9")
    registry.define("decibel_level = [sound_level]")
    return registry


_SEEN: dict[tuple[str, str], tuple[float, float]] = {}
MAX_SEEN = 1_000  # pairs remembered: units come from outside


def _affine(unit: str, stored: str) -> tuple[float, float]:
    known = _SEEN.get((unit, stored))
    if known is not None:
        return known
    wanted = _pint_name(stored)
    given = _pint_name(unit)
    if wanted is None or given is None:
        raise _wrong(unit, stored)
    quantity = _registry().Quantity
    try:
        zero = float(quantity(0.0, given).to(wanted).magnitude)
        one = float(quantity(1.0, given).to(wanted).magnitude)
    except pint.PintError:
        raise _wrong(unit, stored) from None
    if len(_SEEN) >= MAX_SEEN:
        _SEEN.clear()
    _SEEN[unit, stored] = (one - zero, zero)
    return one - zero, zero


def _pint_name(unit: str) -> str | None:
    text = unit.strip().replace(" ", "")
    return CASED.get(text) or ALIASES.get(text.lower())


def _wrong(unit: str, stored: str) -> MalformedPayload:
    return MalformedPayload(
        f"{unit[:20]!r} cannot be read as {stored or 'true/false'}",
        reason="wrong-unit",
        mend=f"send it in {stored}" if stored else "send true or false",
    )

"""Units of measure and of money, each by one sign, whatever a text calls it."""

import re
from typing import Final

TIME: Final = "o'clock"
"""The unit of a time of day."""
POWER: Final = r"(?:square|sq\.?|cubic)[ -]"
"""A pattern for what makes a length an area or a volume."""
MONEY: Final = frozenset({"£", "$", "€", "c$", "a$", "¥", "₹", "chf"})
WHOLE: Final = {"penny": "£", "cent": "$"}
"""What a hundred make; a cent is taken for a dollar's."""
_UNITS: Final = {
    name: unit
    for unit, names in {
        "%": "% percent per-cent percentage", "point": "percentage-point percentage-points",
        "g": "g gram grams gramme grammes", "kg": "kg kilo kilos kilogram kilograms", "t": "tonne tonnes",
        "mm": "mm millimetre millimetres millimeter millimeters",
        "cm": "cm centimetre centimetres centimeter centimeters",
        "km": "km kilometre kilometres kilometer kilometers", "mile": "mile miles mi", "inch": "inch inches",
        "foot": "foot feet ft", "metre": "m metre metres meter meters",
        "metre²": "m² m2 sqm", "foot²": "ft² ft2 sqft", "metre³": "m³ m3",
        "l": "litre litres liter liters l", "ml": "ml", "oz": "oz ounce ounces", "lb": "lb lbs pound-weight",
        "hectare": "hectare hectares ha", "acre": "acre acres", "yard": "yard yards",
        "kw": "kw kilowatt kilowatts", "mw": "mw megawatt megawatts", "gw": "gw gigawatt gigawatts",
        "kwh": "kwh kilowatt-hour kilowatt-hours", "mwh": "mwh megawatt-hour megawatt-hours",
        "gwh": "gwh gigawatt-hour gigawatt-hours", "mile per hour": "mph", "km per hour": "kph km/h",
        "second": "second seconds", "minute": "minute minutes min", "hour": "hour hours",
        "day": "day days", "week": "week weeks", "month": "month months", "year": "year years",
        "£": "pound pounds gbp sterling £", "$": "dollar dollars usd $ us$", "€": "euro euros eur €",
        "c$": "c$ cad", "a$": "a$ aud", "¥": "¥ yen jpy", "₹": "₹ rupee rupees inr", "chf": "chf franc francs",
        "penny": "p pence penny", "cent": "cent cents ¢",
        "°": "degree degrees °", "°c": "°c celsius degrees-celsius degrees-centigrade",
        "°f": "°f fahrenheit degrees-fahrenheit",
    }.items()
    for name in names.split()
}  # fmt: skip


WORDS: Final = (
    r"percentage[ ]points?|per[ -]cent|%|degrees[ ](?:celsius|centigrade|fahrenheit)|(?:kilo|mega|giga)watt[ -]hours?"
    r"|(?:mile|kilometre|kilometer)s?[ ](?:per|an)[ ]hour|km/h|[A-Za-zÀ-ÿ°¢]+[²³23]?"
)
"""A pattern for a unit, or for the word that stands in its place."""
_PER_HOUR: Final = re.compile(r"s?[ ](?:per|an)[ ]hour$")


def are_one(unit: str, other: str) -> bool:
    """Whether two signs may be of one unit: mere degrees may be of any scale."""
    return unit == other or ("°" in (unit, other) and unit[:1] == other[:1])


def unit_of(word: str, power: str = "") -> str:
    """The sign for ``word``, in small letters, after ``power`` (`POWER`); empty: it is no unit."""
    if hourly := _PER_HOUR.search(word):
        return f"{_UNITS[word[: hourly.start()]]} per hour"
    unit = _UNITS.get(word.replace(" ", "-"), "")
    return f"{unit}{'³' if power.lower().startswith('c') else '²'}" if unit and power else unit


def currency_of(sign: str) -> str:
    """The sign of a currency for its sign or code."""
    return _UNITS[sign.strip().lower()]

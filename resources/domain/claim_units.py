"""Units of measure and of money, each by one sign, whatever a text calls it."""

from typing import Final

TIME: Final = "o'clock"
"""The unit of a time of day."""
POWER: Final = r"(?:square|sq\.?|cubic)[ -]"
"""A pattern for what makes a length an area or a volume."""
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
        "second": "second seconds", "minute": "minute minutes min", "hour": "hour hours",
        "day": "day days", "week": "week weeks", "month": "month months", "year": "year years",
        "£": "pound pounds gbp sterling £", "$": "dollar dollars usd $ us$", "€": "euro euros eur €",
        "°": "degree degrees °",
    }.items()
    for name in names.split()
}  # fmt: skip


def unit_of(word: str, power: str = "") -> str:
    """The sign for ``word``, in small letters, after ``power`` (`POWER`); empty: it is no unit."""
    unit = _UNITS.get(word.replace(" ", "-"), "")
    return f"{unit}{'³' if power.lower().startswith('c') else '²'}" if unit and power else unit


def currency_of(sign: str) -> str:
    """The sign of a currency for its sign or code."""
    return _UNITS[sign.strip().lower()]

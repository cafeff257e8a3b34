"""Cities and states as a dateline names them. Source: AP Stylebook, "state names" and "datelines".

Eight states are never abbreviated, and thirty cities of the United States stand without a state. AP lists more cities
abroad that stand without a country; of these only the ones that a reader could take for nothing else are here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_STATES: Final = """
AL Ala. Alabama | AK Alaska Alaska | AZ Ariz. Arizona | AR Ark. Arkansas | CA Calif. California | CO Colo. Colorado
| CT Conn. Connecticut | DE Del. Delaware | FL Fla. Florida | GA Ga. Georgia | HI Hawaii Hawaii | ID Idaho Idaho
| IL Ill. Illinois | IN Ind. Indiana | IA Iowa Iowa | KS Kan. Kansas | KY Ky. Kentucky | LA La. Louisiana
| ME Maine Maine | MD Md. Maryland | MA Mass. Massachusetts | MI Mich. Michigan | MN Minn. Minnesota
| MS Miss. Mississippi | MO Mo. Missouri | MT Mont. Montana | NE Neb. Nebraska | NV Nev. Nevada
| NH N.H. New Hampshire | NJ N.J. New Jersey | NM N.M. New Mexico | NY N.Y. New York | NC N.C. North Carolina
| ND N.D. North Dakota | OH Ohio Ohio | OK Okla. Oklahoma | OR Ore. Oregon | PA Pa. Pennsylvania
| RI R.I. Rhode Island | SC S.C. South Carolina | SD S.D. South Dakota | TN Tenn. Tennessee | TX Texas Texas
| UT Utah Utah | VT Vt. Vermont | VA Va. Virginia | WA Wash. Washington | WV W.Va. West Virginia
| WI Wis. Wisconsin | WY Wyo. Wyoming
"""


def _ap_states() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for line in _STATES.split("|"):
        postal, written, name = line.split(maxsplit=2)
        table |= dict.fromkeys((postal.casefold(), written.casefold(), name.strip().casefold()), written)
    return MappingProxyType(table)


AP_STATES: Final = _ap_states()
"""Postal code, AP abbreviation or full name, all in small letters, to how AP writes it beside a city."""

STAND_ALONE: Final = frozenset(
    {
        *("atlanta", "baltimore", "boston", "chicago", "cincinnati", "cleveland", "dallas", "denver", "detroit"),
        *("honolulu", "houston", "indianapolis", "las vegas", "los angeles", "miami", "milwaukee", "minneapolis"),
        *("new orleans", "new york", "oklahoma city", "philadelphia", "phoenix", "pittsburgh", "st. louis"),
        *("salt lake city", "san antonio", "san diego", "san francisco", "seattle", "washington"),
        *("amsterdam", "beijing", "berlin", "brussels", "dublin", "geneva", "hong kong", "london", "madrid"),
        *("moscow", "munich", "paris", "rome", "singapore", "stockholm", "tokyo", "toronto", "vienna", "zurich"),
    }
)
"""Cities that need no state or country, in small letters."""


def stands_alone(city: str) -> bool:
    """Whether a dateline names ``city`` without its state."""
    return city.strip().casefold() in STAND_ALONE


def ap_state(state: str) -> str | None:
    """How AP writes ``state`` beside a city, from its postal code, name or abbreviation; None: it is none of the 50."""
    return AP_STATES.get(" ".join(state.split()).casefold())

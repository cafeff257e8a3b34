"""The dateline of a press release: where and when, as AP writes it before the first words of the lede."""

from resources.domain.press_release_dates import ap_date
from resources.domain.press_release_places import ap_state, stands_alone
from resources.domain.press_releases import Release


def dateline(release: Release) -> str:
    """``PORTLAND, Ore., Feb. 3, 2026``: the city in capitals, its state as AP abbreviates it, unless it stands alone.

    What follows a comma in the city is its country, and stays as it is. Without a city it is the date alone.
    """
    return ", ".join((*_place(release), ap_date(release.dated)))


def place(release: Release) -> str:
    """The dateline without its date; empty when the release has no city."""
    return ", ".join(_place(release))


def _place(release: Release) -> list[str]:
    city, _, country = (part.strip() for part in release.city.partition(","))
    if not city:
        return []
    state = "" if stands_alone(city) else ap_state(release.state) or release.state
    return [part for part in (city.upper(), country, state) if part]

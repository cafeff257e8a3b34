"""What waybill.toml says of a client: how deliverables name it, and what it does not want."""

from pydantic import Field

from resources.domain.press_releases import Company, Contact, Part


class ClientProfile(Part):
    """One client. What is not set is left out of deliverables; the name defaults to the short name."""

    name: str = ""
    about: str = ""
    """The boilerplate at the end of each press release."""
    city: str = ""
    state: str = ""
    """As AP abbreviates it, as in Ore.; empty outside the United States."""
    website: str = Field("", pattern=r"^(https?://[^\s/]+.*)?$")
    contact: Contact = Contact()
    banned_words: tuple[str, ...] = ()
    """Words that no deliverable of the client may hold."""
    brands: tuple[str, ...] = ()
    """How it is called in links, the first the most; default: the name."""
    approves_own_orders: bool = True
    """Whether who ordered a deliverable may approve it too."""

    def company(self, slug: str) -> Company:
        """The client as a press release shows it."""
        return Company(
            name=self.called(slug), about=self.about, city=self.city, state=self.state, website=self.website,
            contact=self.contact, banned_words=self.banned_words,
        )  # fmt: skip

    def called(self, slug: str) -> str:
        """Its name; made of the short name when none is set."""
        return self.name or slug.replace("-", " ").replace("_", " ").title()

    def brand_names(self, slug: str) -> tuple[str, ...]:
        """How links may call it, at least one."""
        return self.brands or (self.called(slug),)

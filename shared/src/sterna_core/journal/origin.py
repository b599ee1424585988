from msgspec import Struct

from sterna_core.logs import clean_text

_USER_AGENT_CHARACTERS_MAX = 200


class Origin(Struct, frozen=True):
    """Where a command came in from, for the audit log."""

    address: str | None = None
    user_agent: str | None = None

    @classmethod
    def of(cls, address: str | None, user_agent: str | None) -> "Origin":
        """Keep what can be shown to others: short, printable, without anything like a secret."""
        if user_agent is not None:
            cut = user_agent[:_USER_AGENT_CHARACTERS_MAX].encode(errors="replace").decode()
            user_agent = clean_text(cut).replace("\n", " ")
        return cls(address, user_agent)

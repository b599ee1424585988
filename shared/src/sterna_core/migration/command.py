from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of a migration."""

from sterna_core import ids


def waits_of(org_id: str) -> str:
    """Give the id of the aggregate that knows who waits for whom in an organisation."""
    return ids.derived_id(ids.WAITS, org_id)

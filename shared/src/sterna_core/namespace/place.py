from sterna_core import ids


def place_of_name(org_id: str, name: str) -> str:
    """Give the id of the aggregate that knows what a name of an organisation stands for."""
    return ids.derived_id(ids.NAMESPACE_NAME, org_id, name)

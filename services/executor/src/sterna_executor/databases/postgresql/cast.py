"""How a value of one type becomes one of another, and when nothing of it is lost on the way.

`holds` is SQL over the source's row: true where the value is what it was before, so neither cut,
nor rounded, nor read in a way that depends on a setting. It never raises, whatever the value.
"""

from collections.abc import Callable

from msgspec import Struct

from sterna_core.postgres.identifiers import literal, quote
from sterna_executor.databases.postgresql.inventory_table import Column, TypeInfo

SAME = 1.0
WIDER = 1.0
NARROWER = 0.95
OTHER_KIND = 0.9
ASSUMED = 0.88
"""Where something that the value does not say has to be assumed, such as its time zone."""

_INTEGERS = {
    "int2": (-(2**15), 2**15 - 1, 5),
    "int4": (-(2**31), 2**31 - 1, 10),
    "int8": (-(2**63), 2**63 - 1, 19),
}
_FLOATS = {"float4": 6, "float8": 15}
_TEXTS = frozenset({"text", "varchar", "bpchar"})
_VALID_SINCE = 16
_WHOLE = "^ *[-+]?(0|[1-9][0-9]{0,30}) *$"
_DECIMAL = "^ *[-+]?([0-9]{1,60}([.][0-9]{0,60})?|[.][0-9]{1,60}) *$"
_DATE = "^ *[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,%d})?)?"
_ZONE = " ?([zZ]|[-+][0-9]{2}(:?[0-9]{2})?)"
_UUID = "^ *[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12} *$"
_TRUTHS = "('t','true','y','yes','on','1','f','false','n','no','off','0')"


class Cast(Struct, frozen=True, kw_only=True):
    """An expression that gives the target's type; `fit` says how well the types go together.

    `holds` None where nothing can be lost. `as_text` where the target reads the value from its
    text, since the source does not have the type.
    """

    expression: str
    holds: str | None
    fit: float
    why: str
    as_text: bool = False


class Kind(Struct, frozen=True):
    """A built-in type as a cast sees it: its short name, as it is declared, and its modifier."""

    name: str
    declared: str
    modifier: int

    @property
    def length(self) -> int | None:
        """The most characters of a text; None where there is no limit."""
        return None if self.modifier < 0 else self.modifier - 4

    @property
    def digits(self) -> tuple[int, int] | None:
        """Digits before and after the point of a `numeric`; None where there is no limit."""
        if self.modifier < 0:
            return None
        packed = self.modifier - 4
        scale = ((packed & 0x7FF) ^ 0x400) - 0x400
        return ((packed >> 16) & 0xFFFF) - scale, scale

    @property
    def fraction(self) -> int:
        """The digits of a second."""
        return 6 if self.modifier < 0 else self.modifier


def cast_between(
    source: Column,
    source_type: TypeInfo,
    target: Column,
    target_type: TypeInfo,
    *,
    source_major: int,
    labels: tuple[str, ...] = (),
) -> Cast | None:
    """Give how a column becomes another; None where there is no way that keeps a value.

    `labels` are those of the target's type where it is an enum.
    """
    x = quote(source.name)
    if source.type == target.type and source_type.name == target_type.name:
        return Cast(expression=x, holds=None, fit=SAME, why=f"both are {target.type}")
    if not target_type.builtin:
        known = ", ".join(literal(label) for label in labels)
        holds = f"{x}::text IN ({known})" if known else None
        return Cast(
            expression=x,
            holds=holds,
            fit=OTHER_KIND if known else ASSUMED,
            why=f"{source.type} is read as {target.type}",
            as_text=True,
        )
    here = Kind(source_type.name, source.type, source.modifier)
    if not source_type.builtin:
        # An enum, a domain, or an extension's: by its text, as far as that is of a length.
        here = Kind("text", "text", -1)
        x = f"{x}::text"
    found = _cast(x, here, Kind(target_type.name, target.type, target.modifier), source_major)
    if found is None:
        return None
    fit, holds, expression = found
    ways = {WIDER: "fits into", NARROWER: "may be too wide for", ASSUMED: "taken as UTC, becomes"}
    return Cast(
        expression=expression or f"CAST({x} AS {target.type})",
        holds=holds,
        fit=fit,
        why=f"{source.type} {ways.get(fit, 'becomes')} {target.type}",
    )


_Found = tuple[float, str | None, str | None]
"""How well it fits, when nothing is lost, and the expression where it is no plain cast."""


def _cast(x: str, here: Kind, there: Kind, major: int) -> _Found | None:
    families: tuple[tuple[bool, Callable[[str, Kind, Kind, int], _Found | None]], ...] = (
        (there.name in _TEXTS, _to_text),
        (here.name in _TEXTS, _from_text),
        (here.name in _INTEGERS, _from_integer),
        (here.name == "numeric", _from_numeric),
        (here.name in _FLOATS, _from_float),
        (here.name in {"date", "timestamp", "timestamptz"}, _from_moment),
        (here.name == "bool", _from_bool),
        ({here.name, there.name} == {"json", "jsonb"}, _between_json),
        (here.name == there.name and here.name in {"time", "timetz"}, _shorter_time),
    )
    for applies, family in families:
        if applies:
            return family(x, here, there, major)
    return None


def _to_text(x: str, here: Kind, there: Kind, _: int) -> _Found | None:
    if here.name == "bytea":
        return None
    same_family = here.name in _TEXTS
    fit = WIDER if same_family else OTHER_KIND
    written = x if same_family else f"{x}::text"
    if there.length is None:
        return fit, None, None
    short = same_family and here.length is not None and here.length <= there.length
    if short and (there.name != "bpchar" or here.name == "bpchar"):
        return fit, None, None
    fits = f"char_length({written}) <= {there.length}"
    if there.name == "bpchar" and here.name != "bpchar":
        fits += f" AND {written} = rtrim({written})"  # it would not know them from its padding
    return (NARROWER if same_family else fit), fits, None


def _from_text(x: str, here: Kind, there: Kind, major: int) -> _Found | None:
    text = f"{x}::text" if here.name == "bpchar" else x
    if there.name in _INTEGERS:
        low, high, _ = _INTEGERS[there.name]
        return OTHER_KIND, _where(text, _WHOLE, f"{text}::numeric BETWEEN {low} AND {high}"), None
    if there.name == "numeric":
        return OTHER_KIND, _where(text, _DECIMAL, _fits(f"{text}::numeric", there)), None
    if there.name in _FLOATS:
        exact = f"{text}::numeric = {text}::{there.name}::text::numeric"
        return OTHER_KIND, _where(text, _DECIMAL, exact), None
    if there.name == "bool":
        return OTHER_KIND, f"lower(btrim({text})) IN {_TRUTHS}", None
    if there.name == "uuid":
        return OTHER_KIND, f"{text} ~ {literal(_UUID)}", f"CAST(btrim({text}) AS uuid)"
    if there.name in {"date", "timestamp", "timestamptz"}:
        time = _TIME % max(there.fraction, 1)
        pattern = {
            "date": f"{_DATE}([ T]00:00(:00([.]0+)?)?)? *$",
            "timestamp": f"{_DATE}([ T]{time})? *$",
            "timestamptz": f"{_DATE}[ T]{time}{_ZONE} *$",
        }[there.name]
        valid = f"pg_input_is_valid({text}, '{there.name}')" if major >= _VALID_SINCE else "true"
        return OTHER_KIND, _where(text, pattern, valid), None
    if there.name in {"json", "jsonb", "inet", "cidr", "macaddr", "interval", "time", "xml"}:
        if major < _VALID_SINCE:
            return ASSUMED, "false", None
        return OTHER_KIND, f"pg_input_is_valid({text}, {literal(there.declared)})", None
    return None


def _from_integer(x: str, here: Kind, there: Kind, _: int) -> _Found | None:
    low, high, digits = _INTEGERS[here.name]
    if there.name in _INTEGERS:
        least, most, _more = _INTEGERS[there.name]
        if least <= low and high <= most:
            return WIDER, None, None
        return NARROWER, f"{x} BETWEEN {least} AND {most}", None
    if there.name == "numeric":
        if there.digits is None or (there.digits[0] >= digits and there.digits[1] >= 0):
            return WIDER, None, None
        return NARROWER, _fits(f"{x}::numeric", there), None
    if there.name in _FLOATS:
        if digits <= _FLOATS[there.name]:
            return WIDER, None, None
        # No integer of more digits than this is sure to be kept.
        return OTHER_KIND, f"abs({x}::numeric) < 1e{_FLOATS[there.name]}", None
    if there.name == "bool":
        return OTHER_KIND, f"{x} IN (0, 1)", f"({x} <> 0)"
    return None


def _from_numeric(x: str, here: Kind, there: Kind, _: int) -> _Found | None:
    if there.name == "numeric":
        ours, theirs = here.digits, there.digits
        if theirs is None or (ours and ours[0] <= theirs[0] and ours[1] <= theirs[1]):
            return WIDER, None, None
        return NARROWER, _fits(x, there), None
    if there.name in _INTEGERS:
        low, high, _digits = _INTEGERS[there.name]
        fit = NARROWER if here.digits is not None and here.digits[1] <= 0 else OTHER_KIND
        return fit, f"{x} = trunc({x}) AND {x} BETWEEN {low} AND {high}", None
    if there.name in _FLOATS:
        most = 30 if there.name == "float4" else 300
        exact = f"{x}::{there.name}::text::numeric = {x}"
        bounded = f"{x} = 0 OR abs({x}) BETWEEN 1e-{most} AND 1e{most}"
        return OTHER_KIND, f"CASE WHEN {bounded} THEN {exact} ELSE false END", None
    if there.name == "bool":
        return OTHER_KIND, f"{x} IN (0, 1)", f"({x} <> 0)"
    return None


def _from_float(x: str, here: Kind, there: Kind, _: int) -> _Found | None:
    if there.name in _FLOATS:
        if here.name == "float4":
            return WIDER, None, None
        ordinary = f"{x} = 0 OR abs({x}) BETWEEN 1e-30 AND 1e30"
        special = f"{x} IN ('NaN', 'Infinity', '-Infinity')"
        exact = f"{x}::float4::float8 = {x}"
        return NARROWER, f"CASE WHEN {ordinary} THEN {exact} ELSE {special} END", None
    if there.name in _INTEGERS:
        low, high, _digits = _INTEGERS[there.name]
        return OTHER_KIND, f"{x} = trunc({x}) AND {x} >= {low} AND {x} < {high + 1}", None
    if there.name == "numeric":
        # By its text: a cast would keep fifteen digits only, and six of a float4.
        exact = f"{x}::text::numeric"
        holds = (
            f"CASE WHEN {x} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {_fits(exact, there)}"
            " ELSE false END"
        )
        return OTHER_KIND, holds, f"CAST({exact} AS {there.declared})"
    return None


def _from_moment(x: str, here: Kind, there: Kind, _: int) -> _Found | None:
    match here.name, there.name:
        case ("timestamp", "timestamp") | ("timestamptz", "timestamptz"):
            if there.fraction >= here.fraction:
                return WIDER, None, None
            return NARROWER, f"{x} = {x}::{there.declared}", None
        case "date", "timestamp":
            return WIDER, None, None
        case "date", "timestamptz":
            utc = f"CAST(CAST({x} AS timestamp) AT TIME ZONE 'UTC' AS {there.declared})"
            return ASSUMED, None, utc
        case ("timestamp", "timestamptz") | ("timestamptz", "timestamp"):
            utc = f"{x} AT TIME ZONE 'UTC'"
            if there.fraction >= here.fraction:
                return ASSUMED, None, utc
            cast = f"CAST({utc} AS {there.declared})"
            return ASSUMED, f"({utc}) = {cast}", cast
        case (("timestamp" | "timestamptz"), "date"):
            local = x if here.name == "timestamp" else f"({x} AT TIME ZONE 'UTC')"
            holds = (
                f"CASE WHEN isfinite({x}) THEN {local} = date_trunc('day', {local}) ELSE true END"
            )
            fit = OTHER_KIND if here.name == "timestamp" else ASSUMED
            return fit, holds, f"CAST({local} AS date)"
        case _:
            return None


def _from_bool(x: str, _here: Kind, there: Kind, _: int) -> _Found | None:
    if there.name in _INTEGERS or there.name == "numeric":
        return OTHER_KIND, None, f"CAST(CAST({x} AS integer) AS {there.declared})"
    return None


def _between_json(_x: str, _here: Kind, there: Kind, _: int) -> _Found:
    # jsonb keeps the last of equal keys, and neither their order nor the blanks.
    return (OTHER_KIND if there.name == "jsonb" else WIDER), None, None


def _shorter_time(x: str, here: Kind, there: Kind, _: int) -> _Found:
    if there.fraction >= here.fraction:
        return WIDER, None, None
    return NARROWER, f"{x} = {x}::{there.declared}", None


def _fits(number: str, there: Kind) -> str:
    if there.digits is None:
        return "true"
    whole, scale = there.digits
    return f"({number}) = round({number}, {scale}) AND abs({number}) < 1e{whole}"


def _where(text: str, pattern: str, then: str) -> str:
    return f"CASE WHEN {text} ~ {literal(pattern)} THEN {then} ELSE false END"

from sterna_cli.console.quantities import count
from sterna_cli.console.terminal import Terminal
from sterna_cli.demo.proof import Inventory, TableContent

_DIGEST_CHARACTERS = 12
_ABSENT = TableContent(0, "absent")


def show_proof(terminal: Terminal, source: Inventory, target: Inventory) -> None:
    """Print both databases side by side."""
    terminal.heading("Source and target compared, by SQL that shares nothing with the executors")
    names = sorted(source.tables.keys() | target.tables.keys())
    pairs = [(source.tables.get(n, _ABSENT), target.tables.get(n, _ABSENT)) for n in names]
    terminal.rows(
        ("table", "source rows", "target rows", "source digest", "target digest", ""),
        (
            (
                name,
                count(old.rows),
                count(new.rows),
                old.digest[:_DIGEST_CHARACTERS],
                new.digest[:_DIGEST_CHARACTERS],
                "equal" if old == new else "DIFFERENT",
            )
            for name, (old, new) in zip(names, pairs, strict=True)
        ),
        right=frozenset({1, 2}),
    )
    terminal.heading("Objects by kind, from both catalogs")
    kinds = sorted(source.objects.keys() | target.objects.keys())
    terminal.rows(
        ("kind", "source", "target", ""),
        (
            (
                kind,
                count(source.objects.get(kind, 0)),
                count(target.objects.get(kind, 0)),
                "equal"
                if source.objects.get(kind, 0) == target.objects.get(kind, 0)
                else "DIFFERENT",
            )
            for kind in kinds
            if source.objects.get(kind, 0) or target.objects.get(kind, 0)
        ),
        right=frozenset({1, 2}),
    )
    terminal.say()
    if target.doubtful:
        terminal.say(f"  not valid on the target: {', '.join(target.doubtful)}", "red")
    else:
        keys = target.objects.get("foreign keys", 0)
        terminal.say(f"  all {count(keys)} foreign keys and all indexes are valid on the target")
    standing = sum(target.sequences.get(name) == at for name, at in source.sequences.items())
    terminal.say(f"  {standing} of {len(source.sequences)} sequences stand where they stood")

import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError

from sterna_cli.exit_code import ExitCode

_COMMANDS = "sterna_cli.commands"


def build_app() -> App:
    """Name the commands; the code of each is loaded when it is used."""
    app = App(
        name="sterna",
        help="Move PostgreSQL databases, and prove that everything arrived.",
        version=lambda: version("sterna"),
        version_flags=["--version"],
    )
    migrations = App(name="migrations", help="Look at migrations and steer them.")
    connections = App(name="connections", help="Look at the databases that the API knows.")
    certificates = App(name="certificate", help="Fetch and check certificates.")
    projections = App(name="projections", help="Look after what is derived from the log.")
    for name, place, text in (
        ("list", "migrations:list_migrations", "List migrations, the newest first."),
        ("show", "migrations:show", "Show one migration, its phases and its proof."),
        ("logs", "logs:logs", "Show a migration's log; with -f until it is over."),
        ("start", "migrations:start", "Start a migration whose plan is approved."),
        ("approve", "migrations:approve", "Approve mappings of a plan."),
        ("pause", "migrations:pause", "Pause a migration."),
        ("resume", "migrations:resume", "Go on with a paused or failed migration."),
        ("cancel", "migrations:cancel", "Give a migration up, with or without a rollback."),
        ("status", "lifecycle:status", "Show a migration in short."),
        ("checkpoints", "lifecycle:checkpoints", "List the checkpoints of a migration."),
        ("lag", "syncing:lag", "Show how far an incremental migration is behind its source."),
        ("stop", "syncing:stop", "Bring an incremental migration up to date, and finish it."),
        ("errors", "errors:errors", "List what failed and was refused, and resolve it."),
        ("rollback", "lifecycle:rollback", "Undo a migration that is not at work."),
        ("delete", "lifecycle:delete", "Delete a migration that is not at work."),
    ):
        migrations.command(f"{_COMMANDS}.{place}", name=name, help=text)
    for name, place, text in (
        ("list", "connections:list_connections", "List the databases that the API knows."),
        ("test", "connections:try_connection", "Try a connection now."),
    ):
        connections.command(f"{_COMMANDS}.{place}", name=name, help=text)
    for name, place, text in (
        ("fetch", "certificate:fetch", "Save the certificate of a completed migration."),
        ("verify", "certificate:verify", "Check a certificate offline, or against the tables."),
        ("public-key", "certificate:public_key", "Print the key to check certificates with."),
    ):
        certificates.command(f"{_COMMANDS}.{place}", name=name, help=text)
    projections.command(
        f"{_COMMANDS}.projections:rebuild",
        name="rebuild",
        help="Build the projections again from the log, beside those in use, and switch.",
    )
    for name, text in (
        ("migrate", "Move a database into another, and prove that everything arrived."),
        ("up", "Run the embedded stack in the foreground until Ctrl-C."),
        ("demo", "Migrate a shop of a million rows, kill an executor half-way, prove the result."),
    ):
        app.command(f"{_COMMANDS}.{name}:{name}", name=name, help=text)
    app.command(
        f"{_COMMANDS}.demo_namespaces:demo_namespaces",
        name="demo-namespaces",
        help="Extract a namespace anew by a better extractor, kill an executor, prove the result.",
    )
    for group in (migrations, connections, certificates, projections):
        app.command(group)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    try:
        result = build_app()(
            arguments, exit_on_error=False, print_error=True, result_action="return_value"
        )
    except CycloptsError:
        return ExitCode.USAGE
    return result if isinstance(result, int) else ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())

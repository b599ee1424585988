"""The certificate of a migration: issued by the decision that completes it, or never."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

from sterna_core.certificate.proof import TableProof
from sterna_core.certificate.signing import SigningKey
from sterna_core.certificate.statement import (
    SKIPPED,
    Coverage,
    Exempt,
    Party,
    Statement,
    hash_chain,
)
from sterna_core.certificate.table import CertifiedColumn, CertifiedTable
from sterna_core.ids import CERTIFICATE, derived_id
from sterna_core.journal.aggregate import Aggregate, Context
from sterna_core.migration import about as ab
from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.commands import AnyCommand
from sterna_core.migration.decider import MIGRATIONS, decide
from sterna_core.migration.evolve import evolve
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.replacement import resolution_of
from sterna_core.migration.run import Run
from sterna_core.migration.validation import proven_kinds

Decide = Callable[[st.State, AnyCommand, Context], tuple[ev.AnyEvent, ...]]


def certifying(key: SigningKey | None) -> Aggregate[st.State, Any, Any]:
    """Give the migration's aggregate; with a key, what completes proven is certified.

    Ed25519 signs the same content always alike: with a key, deciding is as pure as without.
    """
    if key is None:
        return MIGRATIONS
    return replace(MIGRATIONS, decide=_certifying(decide, key))


def _certifying(decide_plainly: Decide, key: SigningKey) -> Decide:
    def decide_and_certify(
        state: st.State, command: AnyCommand, context: Context
    ) -> tuple[ev.AnyEvent, ...]:
        events = decide_plainly(state, command, context)
        end = next(
            (n for n, each in enumerate(events) if isinstance(each, ev.MigrationCompleted)), None
        )
        if end is None:
            return events
        before = reduce(evolve, events[:end], state)
        assert isinstance(before, st.Running), "only what runs completes"
        statement = state_what_is_proven(before, context)
        if statement is None:
            return events
        signature = key.sign(statement.signed_bytes())
        issued = ev.CertificateIssued(at=context.now, statement=statement, signature=signature)
        return (*events[:end], issued, *events[end:])

    return decide_and_certify


def state_what_is_proven(state: st.Running, context: Context) -> Statement | None:
    """Say what a run that comes to its end has proven; None where anything is missing."""
    about, plan, run = state.about, state.plan, state.run
    kinds = proven_kinds(run)
    tables = _certified_tables(plan.tables, run)
    if isinstance(kinds, str) or tables is None:
        return None
    return Statement(
        certificate_id=derived_id(CERTIFICATE, about.org_id, about.migration_id),
        migration_id=about.migration_id,
        organization_id=about.org_id,
        name=about.name,
        source=_party(about.source),
        target=_party(about.target),
        started_at=run.started_at,
        issued_at=context.now,
        plan_digest=plan.digest,
        structure_digest=plan.structure_digest,
        kinds=kinds,
        coverage=Coverage(
            tables_total=len(plan.tables),
            tables_compared=len(tables),
            rows_compared=sum(table.rows for table in tables),
            objects_built=sum(each.built for each in run.objects.values()),
        ),
        hash_chain=hash_chain(tables),
        exceptions=_exceptions(run),
    )


def _exceptions(run: Run) -> tuple[Exempt, ...]:
    """Say which rows are left out, and which have another value than the source."""
    found = []
    for error in run.errors.values():
        why = error.reason or "no reason given"
        if error.standing == "skipped":
            reason = f"{SKIPPED} {error.by}: {why}"
            found.append(Exempt(table_id=error.table_id, rows=error.rows, reason=reason))
        if error.replaced and error.replacement is not None:
            resolution = resolution_of(error.replacement)
            reason = (
                f"another value of {error.replacement.column} than on the source"
                f" ({resolution}), by {error.by}: {why}"
            )
            found.append(Exempt(table_id=error.table_id, rows=error.replaced, reason=reason))
    return tuple(found)


def _certified_tables(plans: dict[str, TablePlan], run: Run) -> tuple[CertifiedTable, ...] | None:
    found = []
    for table_id in sorted(plans):
        table = run.tables.get(table_id)
        if table is None or table.proof is None or table.proven != run.generation:
            return None
        found.append(certified_table(plans[table_id], table.compared_rows, table.proof))
    return tuple(found)


def certified_table(plan: TablePlan, rows: int, proof: TableProof) -> CertifiedTable:
    """Put together what a certificate has of a table."""
    return CertifiedTable(
        table_id=plan.table_id,
        source_schema=plan.source_schema,
        source_table=plan.source_table,
        target_schema=plan.target_schema,
        target_table=plan.target_table,
        columns=tuple(
            CertifiedColumn(
                source=column.source_column,
                target=column.target_column,
                expression=column.transformation,
            )
            for column in plan.columns
            if column.copied
        ),
        key=plan.key,
        rows=rows,
        proof=proof,
    )


def _party(party: ab.Party) -> Party:
    endpoint = party.endpoint
    return Party(
        connection_id=endpoint.connection_id,
        connection_name=party.connection_name,
        host=endpoint.host,
        port=endpoint.port,
        database=endpoint.database,
    )

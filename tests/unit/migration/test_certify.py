"""When a migration is certified, and when it is not."""

from sterna_core.certificate.certificate import (
    Certificate,
    encode_certificate,
    verify_certificate,
)
from sterna_core.certificate.proof import TableProof
from sterna_core.journal.local import LocalDecider
from sterna_core.migration import events as ev
from sterna_core.migration import state as stages
from sterna_core.migration.certify import certified_table, certifying
from sterna_core.migration.decider import MIGRATIONS
from support.certificate.made import KEY
from support.migration.journey import completed, events_of
from support.migration.scenario import MIGRATION_ID, table


def test_a_migration_is_certified_just_before_it_is_completed() -> None:
    decider = completed(LocalDecider([certifying(KEY)]))

    events = events_of(decider)
    assert isinstance(events[-1], ev.MigrationCompleted)
    assert isinstance(events[-2], ev.CertificateIssued)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)


def test_the_certificate_put_together_from_the_events_is_valid() -> None:
    events = events_of(completed(LocalDecider([certifying(KEY)])))
    proofs = {
        each.table_id: (each.target_rows, each.proof)
        for each in events
        if isinstance(each, ev.TableCompared) and each.differing_buckets == 0
    }
    plans = {f"public.{name}": table(name) for name in ("a", "b", "c")}
    issued = events[-2]
    assert isinstance(issued, ev.CertificateIssued)
    tables = []
    for table_id, (rows, proof) in sorted(proofs.items()):
        assert isinstance(proof, TableProof)
        tables.append(certified_table(plans[table_id], rows, proof))
    whole = Certificate(
        statement=issued.statement, signature=issued.signature, tables=tuple(tables)
    )

    assert verify_certificate(encode_certificate(whole), KEY.public) == whole
    assert issued.statement.coverage.tables_compared == 3
    assert issued.statement.coverage.objects_built == 5


def test_without_a_key_nothing_is_certified() -> None:
    events = events_of(completed(LocalDecider([certifying(None)])))

    assert certifying(None) is MIGRATIONS
    assert not any(isinstance(each, ev.CertificateIssued) for each in events)


def test_tables_compared_by_an_executor_that_left_no_proof_are_not_certified() -> None:
    events = events_of(completed(LocalDecider([certifying(KEY)]), proofs=False))

    assert isinstance(events[-1], ev.MigrationCompleted)
    assert not any(isinstance(each, ev.CertificateIssued) for each in events)

"""What it leads to that a person says where columns go."""

from msgspec.structs import replace

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import state as st
from sterna_core.migration.approval import mapping_of, match_digest
from sterna_core.migration.draft import Draft
from sterna_core.migration.plan import ColumnChoice
from sterna_core.migration.refusal import refuse
from sterna_core.migration.review_commands import ChooseColumns
from sterna_core.migration.revision import MigrationEdited

CHOICES_MAX = 500
"""So many of a migration are told in one record."""


def choose_columns(draft: Draft, command: ChooseColumns, context: Context) -> None:
    """Let the plan be made again with columns going where somebody wants them."""
    state = draft.state
    match state:
        case st.PlanReady() | st.Approved():
            match_digest(state.plan, command.plan_digests)
        case st.Planning() | st.PlanFailed():
            raise Rejected("plan_not_ready", "There is no plan yet.")
        case _:
            refuse(draft, "choose columns of")
            return
    if state.about.options.mode != "data_only":
        raise Rejected(
            "mapping_fixed",
            "The target's tables are made like the source's: columns go elsewhere in the mode"
            " data_only, where the target has its tables already.",
            {"mode": state.about.options.mode},
        )
    found = []
    for wanted in command.columns:
        table, column = mapping_of(state.plan, wanted.mapping_id)
        found.append(
            ColumnChoice(
                table_id=table.table_id,
                source_column=column.source_column,
                target_column=wanted.target_column,
            )
        )
    selection = state.about.selection.choosing(tuple(found))
    if len(selection.choices) > CHOICES_MAX:
        raise Rejected("too_many_choices", f"At most {CHOICES_MAX:,} columns can be chosen for.")
    if selection == state.about.selection:
        return
    draft.withdraw_all()
    about = replace(state.about, selection=selection)
    draft.add(MigrationEdited(at=draft.at, about=about, round=state.round + 1, by=context.actor))

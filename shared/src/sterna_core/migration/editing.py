"""What changing a migration before its start leads to."""

import msgspec
from msgspec.structs import replace

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import state as st
from sterna_core.migration.about import About, Options
from sterna_core.migration.draft import Draft
from sterna_core.migration.refusal import refuse
from sterna_core.migration.revision import PLANNED_OPTIONS, EditMigration, MigrationEdited


def edit(draft: Draft, command: EditMigration, context: Context) -> None:
    """Change what is given; plan again where the plan would be another one."""
    state = draft.state
    if not isinstance(state, st.Planning | st.PlanFailed | st.PlanReady | st.Approved):
        refuse(draft, "change")
        return
    about = _changed(state.about, command)
    if about == state.about:
        return
    again = _needs_plan(state.about, about)
    if again:
        draft.withdraw_all()
    draft.add(
        MigrationEdited(
            at=draft.at,
            about=about,
            round=state.round + 1 if again else None,
            by=context.actor,
        )
    )


def _changed(about: About, command: EditMigration) -> About:
    given = {
        name: getattr(command, name)
        for name in ("name", "description", "source", "target", "selection")
        if getattr(command, name) is not None
    }
    if command.notifications is not None:
        nobody = command.notifications.is_for_nobody
        given["notifications"] = None if nobody else command.notifications
    if command.options:
        options = {**msgspec.to_builtins(about.options), **command.options}
        try:
            given["options"] = msgspec.convert(options, Options)
        except msgspec.ValidationError:
            raise Rejected("options_invalid", "These options do not go together.") from None
        if given["options"].incremental is not None and given["options"].mode != "incremental":
            raise Rejected(
                "options_invalid",
                "The options under incremental are for the mode incremental: set it too, or set"
                " incremental to null.",
            )
    return replace(about, **given)


def _needs_plan(old: About, new: About) -> bool:
    return (
        (old.source, old.target, old.selection) != (new.source, new.target, new.selection)
    ) or any(getattr(old.options, name) != getattr(new.options, name) for name in PLANNED_OPTIONS)

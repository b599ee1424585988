from sterna_cli.client.plan import Plan
from sterna_cli.console.quantities import count, duration
from sterna_cli.console.terminal import Terminal

_SHOWN_MAPPINGS = 30
_SHOWN_TABLES = 6
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}


def show_plan(terminal: Terminal, plan: Plan) -> None:
    """Print what a plan will do, and what has to be approved."""
    summary = plan.summary
    terminal.heading(f"Plan ({plan.status.replace('_', ' ')})")
    terminal.say(
        f"  {count(summary.tables)} tables, {count(summary.columns)} columns, "
        f"{count(summary.relationships)} relationships, "
        f"{count(summary.transformations)} transformations"
    )
    terminal.say(
        f"  about {count(summary.estimated_records)} rows, "
        f"estimated {duration(summary.estimated_duration_seconds)}"
    )
    _show_phases(terminal, plan)
    _show_risks(terminal, plan)
    _show_waiting(terminal, plan)


def _show_phases(terminal: Terminal, plan: Plan) -> None:
    if not plan.phases:
        return
    terminal.heading("Phases")
    for phase in sorted(plan.phases, key=lambda each: each.order):
        terminal.say(
            f"  {phase.order}. {phase.name.replace('_', ' ')}, {count(len(phase.tables))} tables, "
            f"about {duration(phase.estimated_duration_seconds)}"
        )


def _show_risks(terminal: Terminal, plan: Plan) -> None:
    if not plan.risks:
        return
    terminal.heading("Risks")
    for risk in plan.risks:
        affected = f" ({', '.join(risk.affected[:_SHOWN_TABLES])})" if risk.affected else ""
        terminal.say(
            f"  {risk.severity}: {risk.description}{affected}", _STYLES.get(risk.severity, "")
        )
        if risk.mitigation:
            terminal.say(f"      {risk.mitigation}", "dim")


def _show_waiting(terminal: Terminal, plan: Plan) -> None:
    waiting = plan.waiting
    if not waiting:
        return
    terminal.heading(f"{count(len(waiting))} mappings need approval")
    terminal.rows(
        ("source", "target", "transformation", "confidence", "evidence"),
        (
            (
                str(mapping.source),
                str(mapping.target),
                mapping.transformation,
                f"{mapping.confidence:.2f}",
                mapping.evidence,
            )
            for mapping in waiting[:_SHOWN_MAPPINGS]
        ),
        right=frozenset({3}),
    )
    if len(waiting) > _SHOWN_MAPPINGS:
        terminal.say(f"  and {count(len(waiting) - _SHOWN_MAPPINGS)} more", "dim")

import io

import pytest
from rich.console import Console

from sterna_cli.client.answers import ExemptRows, Metrics, Migration, Progress
from sterna_cli.client.measures import TableComparison, TableMeasure, ValidationReport
from sterna_cli.console.pace import Pace
from sterna_cli.console.progress import BarView, LineView, progress_view
from sterna_cli.console.quantities import count, duration, size
from sterna_cli.console.report_view import show_result, show_validation
from sterna_cli.console.terminal import Terminal


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations_read_like_speech(seconds: float, text: str):
    assert duration(seconds) == text


def test_sizes_and_counts_have_units_and_separators():
    assert (size(512), size(1536), size(3 << 30)) == ("512 B", "1.5 KiB", "3.0 GiB")
    assert count(1234567) == "1,234,567"


def test_the_pace_is_that_of_the_last_seconds():
    pace = Pace()
    assert pace.rows_per_second == 0
    for second in range(20):
        pace.note(second, 100 * second if second < 10 else 1000 * second)
    assert 900 <= pace.rows_per_second <= 1100


def test_rows_counted_again_after_a_repair_never_show_a_negative_pace():
    pace = Pace()
    pace.note(0, 100)
    pace.note(1, 50)
    assert pace.rows_per_second == 0


def _migration(status: str = "running", rows: int = 500) -> Migration:
    return Migration(
        id="mig_1",
        status=status,
        phase="data_transfer",
        progress=Progress(overall_percent=50.0),
        metrics=Metrics(records_processed=rows, records_total=1000),
    )


def test_progress_in_a_plain_log_is_a_line_for_each_change_without_control_characters():
    out = io.StringIO()
    with progress_view(Console(file=out)) as view:
        assert isinstance(view, LineView)
        view.show(_migration(), ())
        view.show(_migration(rows=600), ())
        view.show(_migration(status="pausing"), ())
    assert out.getvalue().splitlines() == [
        "  data transfer 50 %, 500 of 1,000 rows",
        "  data transfer (pausing) 50 %, 500 of 1,000 rows",
    ]


def test_progress_on_a_terminal_has_a_bar_for_each_table_at_work():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    tables = (
        TableMeasure(table="public.orders", records_total=800, records_processed=300),
        TableMeasure(table="public.done", records_total=200, records_processed=200),
    )
    with progress_view(console) as view:
        assert isinstance(view, BarView)
        view.show(_migration(), tables)
        view.remark("warning: careful [not markup]")
    assert "public.orders" in out.getvalue()
    assert "public.done" not in out.getvalue()
    assert "careful [not markup]" in out.getvalue()


def test_a_table_that_was_not_compared_yet_is_not_called_different(
    capsys: pytest.CaptureFixture[str],
):
    found = TableComparison(table="public.a", compared=True, equal=True)
    waiting = TableComparison(table="public.b")

    show_validation(
        Terminal(), ValidationReport(migration_id="mig_1", status="running", tables=(waiting,))
    )
    nothing = capsys.readouterr().out
    show_validation(
        Terminal(),
        ValidationReport(migration_id="mig_1", status="running", tables=(found, waiting)),
    )
    printed = capsys.readouterr().out

    assert not nothing
    assert "not compared yet" in printed
    assert "DIFFERENT" not in printed


def test_rows_left_out_and_rows_with_another_value_stand_in_the_result(
    capsys: pytest.CaptureFixture[str],
):
    rows = {"error_id": "err_1", "table": "public.orders", "rows": 3}
    exceptions = (
        ExemptRows(**rows, resolution="skip", reason="not wanted"),
        ExemptRows(**rows, resolution="default"),
    )
    show_result(Terminal(), Migration(id="mig_1", status="completed", exceptions=exceptions))
    said = capsys.readouterr().out
    assert "3 rows of public.orders left out (skip): not wanted" in said
    assert "3 rows of public.orders with another value than the source (default)" in said

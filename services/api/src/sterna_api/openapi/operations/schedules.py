"""`/v1/migrations/{id}/schedule` and the calendar."""

from sterna_api.http.authentication import FEED_PATH
from sterna_api.http.calendar import CALENDAR
from sterna_api.http.calendar_feeds import CreatedFeedBody, CreateFeedBody
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.schedule_answers import ScheduleShown
from sterna_api.http.schedule_bodies import ScheduleBody, ScheduleChangeBody
from sterna_api.openapi.operation import Media, Operation

_ONE = "/v1/migrations/{migration_id}/schedule"

OPERATIONS = (
    Operation(
        method="GET",
        path=_ONE,
        scope="migrations:read",
        summary="Show when a migration works",
        answers={200: ScheduleShown},
    ),
    Operation(
        method="POST",
        path=_ONE,
        scope="migrations:write",
        summary="Say when a migration works, in place of what was said before",
        body=ScheduleBody,
        answers={201: ScheduleShown},
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        scope="migrations:write",
        summary="Change the parts of a schedule that are given",
        body=ScheduleChangeBody,
        answers={200: ScheduleShown},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="migrations:write",
        summary="Forget a schedule",
        answers={200: DeletedBody},
    ),
    Operation(
        method="GET",
        path=FEED_PATH,
        takes_token=True,
        scope="migrations:read",
        summary="Show starts, windows and recurrences of all migrations as a calendar",
        description="By RFC 5545, in UTC, from a week ago to a month ahead.",
        answers={200: Media(CALENDAR, "An iCalendar object")},
    ),
    Operation(
        method="POST",
        path="/v1/calendar/feeds",
        scope="admin:write",
        summary="Make an address of the calendar, for programs that send no key",
        description=(
            "Whoever has the address reads the calendar of this organisation, and nothing else."
            " It is shown in this answer only; `DELETE /v1/api-keys/{id}` revokes it."
        ),
        body=CreateFeedBody,
        answers={201: CreatedFeedBody},
    ),
)

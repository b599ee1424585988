"""Plans under review: their mappings, what they were made of, and their start."""

from sterna_api.http.action_answers import ReviewedBody, StartedBody
from sterna_api.http.entity_tag import IF_MATCH
from sterna_api.http.mapping_bodies import MappingPatch, MappingsPatch, MappingsQuery
from sterna_api.http.migration_bodies import ApproveBody, StartBody
from sterna_api.http.paging import PageQuery
from sterna_api.http.plan_answers import MappingShown
from sterna_api.http.planned_schemas import PlannedSchemaBody
from sterna_api.openapi.operation import Operation, Page

_ONE = "/v1/migrations/{migration_id}"
_HEADERS = {IF_MATCH: "The `ETag` of the plan that was read; 412 where it has changed since"}
_OVERRIDE = (
    "`override_transformation` is one SQL expression over the columns of the table. It is tried"
    " on rows of the source before it is taken into the plan; until then, and where it is refused,"
    " the mapping is `pending` and `trial` says why."
)
_CHOICE = (
    " In the mode `data_only`, `target_column` says to which column of the target's table the"
    " values go (null: nowhere), whatever their names are. It is given alone, and the plan is made"
    " again with it."
)

OPERATIONS = (
    Operation(
        method="POST",
        path=f"{_ONE}/start",
        scope="migrations:write",
        summary="Carry out an approved plan, or rehearse that",
        description=(
            "The plan is compared with the source first: 409 `plan_not_ready` with the"
            " differences where it is not true any more. With `dry_run` everything is checked and"
            " estimated and nothing is written."
        ),
        body=StartBody,
        answers={200: StartedBody},
        headers=_HEADERS,
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/plan/mappings/{{mapping_id}}/approve",
        scope="migrations:approve",
        summary="Approve a mapping, or reject it",
        description=_OVERRIDE,
        body=ApproveBody,
        answers={200: ReviewedBody},
        headers=_HEADERS,
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/mappings",
        scope="migrations:read",
        summary="List what is done with each column",
        query=MappingsQuery,
        answers={200: Page(MappingShown)},
    ),
    Operation(
        method="PATCH",
        path=f"{_ONE}/mappings",
        scope="migrations:approve",
        summary="Review several mappings: all of them, or none",
        description=_OVERRIDE + _CHOICE,
        body=MappingsPatch,
        answers={200: Page(MappingShown)},
        headers=_HEADERS,
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/mappings/{{mapping_id}}",
        scope="migrations:read",
        summary="Show what is done with one column",
        answers={200: MappingShown},
    ),
    Operation(
        method="PATCH",
        path=f"{_ONE}/mappings/{{mapping_id}}",
        scope="migrations:approve",
        summary="Review one mapping, or comment on it",
        description=_OVERRIDE + _CHOICE,
        body=MappingPatch,
        answers={200: MappingShown},
        headers=_HEADERS,
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/schema/source",
        scope="migrations:read",
        summary="Show the tables that are read, as the plan has them",
        query=PageQuery,
        answers={200: PlannedSchemaBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/schema/target",
        scope="migrations:read",
        summary="Show the tables that are written, as the plan has them",
        query=PageQuery,
        answers={200: PlannedSchemaBody},
    ),
)

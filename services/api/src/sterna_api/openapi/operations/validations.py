"""The validation of migrations."""

from sterna_api.http.validation_answers import KindBody, SkippedBody, ValidationBody
from sterna_api.http.validation_bodies import SkipValidationBody
from sterna_api.openapi.operation import Operation

_ONE = "/v1/migrations/{migration_id}"

OPERATIONS = (
    Operation(
        method="GET",
        path=f"{_ONE}/validation",
        scope="validation:read",
        summary="Show whether everything arrived, kind by kind and table by table",
        answers={200: ValidationBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/validation/{{kind}}",
        scope="validation:read",
        summary="Show what one kind of validation found",
        description=(
            "`kind` is `structural`, `statistical`, `referential`, `semantic` or `behavioral`."
        ),
        answers={200: KindBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/skip-validation",
        scope="validation:write",
        summary="Leave kinds of validation out; no certificate is issued then",
        description=(
            "`statistical`, `referential`, `semantic` and `behavioral` can be skipped. Structure"
            " and contents cannot (409 `validation_required`): nothing completes uncompared."
        ),
        body=SkipValidationBody,
        answers={200: SkippedBody},
    ),
)

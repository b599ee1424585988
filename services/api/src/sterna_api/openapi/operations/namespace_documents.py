"""`/v1/namespaces/{id}/documents`, objects of buckets, and what retrievers find."""

from sterna_api.http.artifact_bodies import ArtifactsBody, PutArtifactBody
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.document_bodies import (
    DocumentBody,
    DocumentLineBody,
    DocumentsBody,
    DocumentsQuery,
    ExecuteBody,
    ExecutedBody,
    ObjectBody,
    ObjectLineBody,
    ObjectsBody,
    PagesQuery,
)
from sterna_api.http.history_bodies import (
    ExecutionsBody,
    ForgottenBody,
    InteractionLineBody,
    InteractionsBody,
)
from sterna_api.http.media import PARQUET
from sterna_api.http.upload import UploadedBody
from sterna_api.openapi.operation import Media, Operation
from sterna_core.retriever_history.record import Interaction

_ONE = "/v1/namespaces/{namespace_id}"
_DOCUMENTS = f"{_ONE}/documents"
_OBJECTS = f"{_ONE}/buckets/{{resource_id}}/objects"
_ARTIFACTS = f"{_ONE}/clusters/{{resource_id}}/artifacts"
_ARTIFACT = f"{_ARTIFACTS}/{{artifact_name}}"
_RETRIEVER = f"{_ONE}/retrievers/{{resource_id}}"
_READ, _WRITE = "namespaces:read", "namespaces:write"
_LINES = (
    "JSON line by line, of any length; each in place of the one of its id. Lines that are wrong"
    " are named in the answer and the others taken; where none is right, the answer is 422."
)

OPERATIONS = (
    Operation(
        method="POST",
        path=_DOCUMENTS,
        scope=_WRITE,
        summary="Write documents",
        description=(
            f"{_LINES} Answers 409 `extractor_unusable` where a text needs a vector, and its extractor"
            " is installed and cannot be used: documents that bring all their vectors are taken."
        ),
        lines=DocumentLineBody,
        answers={200: UploadedBody},
    ),
    Operation(
        method="GET",
        path=_DOCUMENTS,
        scope=_READ,
        summary="Read documents page by page",
        query=DocumentsQuery,
        answers={200: DocumentsBody},
    ),
    Operation(
        method="GET",
        path=f"{_DOCUMENTS}/{{document_id}}",
        scope=_READ,
        summary="Show a document with its vectors",
        answers={200: DocumentBody},
    ),
    Operation(
        method="POST",
        path=_OBJECTS,
        scope=_WRITE,
        summary="Write objects of a bucket",
        description=_LINES,
        lines=ObjectLineBody,
        answers={200: UploadedBody},
    ),
    Operation(
        method="GET",
        path=_OBJECTS,
        scope=_READ,
        summary="Read the objects of a bucket page by page",
        query=PagesQuery,
        answers={200: ObjectsBody},
    ),
    Operation(
        method="GET",
        path=f"{_OBJECTS}/{{object_id}}",
        scope=_READ,
        summary="Show an object of a bucket",
        answers={200: ObjectBody},
    ),
    Operation(
        method="GET",
        path=_ARTIFACTS,
        scope=_READ,
        summary="List the files of a cluster",
        answers={200: ArtifactsBody},
    ),
    Operation(
        method="PUT",
        path=_ARTIFACT,
        scope=_WRITE,
        summary="Keep a file of a cluster",
        description=(
            "The body is parquet, at most as large as STERNA_ARTIFACT_MAX_MIB allows; readers see the"
            " file that was there before until all of the new one has come."
        ),
        file=Media(PARQUET, "The file, in parquet"),
        answers={200: PutArtifactBody},
    ),
    Operation(
        method="GET",
        path=_ARTIFACT,
        scope=_READ,
        summary="Fetch a file of a cluster",
        answers={200: Media(PARQUET, "The file, in parquet")},
    ),
    Operation(
        method="DELETE",
        path=_ARTIFACT,
        scope=_WRITE,
        summary="Remove a file of a cluster",
        answers={200: DeletedBody},
    ),
    Operation(
        method="POST",
        path=f"{_RETRIEVER}/execute",
        scope=_READ,
        summary="Ask a retriever",
        description=(
            "Answers 409 `feature_not_held` where the namespace holds vectors of another extractor,"
            " of whatever dimension."
        ),
        body=ExecuteBody,
        answers={200: ExecutedBody},
    ),
    Operation(
        method="GET",
        path=f"{_RETRIEVER}/executions",
        scope=_READ,
        summary="Read what a retriever was asked and found, page by page",
        description="Those that were asked with `record`, the newest of them.",
        query=PagesQuery,
        answers={200: ExecutionsBody},
    ),
    Operation(
        method="DELETE",
        path=f"{_RETRIEVER}/executions",
        scope=_WRITE,
        summary="Forget what a retriever was asked",
        answers={200: ForgottenBody},
    ),
    Operation(
        method="POST",
        path=f"{_RETRIEVER}/interactions",
        scope=_WRITE,
        summary="Write down what somebody did with a document that was found",
        body=InteractionLineBody,
        answers={201: Interaction},
    ),
    Operation(
        method="GET",
        path=f"{_RETRIEVER}/interactions",
        scope=_READ,
        summary="Read what was done with what a retriever found, page by page",
        query=PagesQuery,
        answers={200: InteractionsBody},
    ),
    Operation(
        method="DELETE",
        path=f"{_RETRIEVER}/interactions",
        scope=_WRITE,
        summary="Forget what was done with what a retriever found",
        answers={200: ForgottenBody},
    ),
)

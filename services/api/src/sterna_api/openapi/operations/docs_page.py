"""`/docs`."""

from sterna_api.openapi.operation import Media, Operation

OPERATIONS = (
    Operation(
        method="GET",
        path="/docs",
        scope=None,
        summary="Show this document to people",
        answers={200: Media("text/html", "The page")},
    ),
    Operation(
        method="GET",
        path="/docs/page.css",
        scope=None,
        summary="How that page looks",
        answers={200: Media("text/css", "The style")},
    ),
    Operation(
        method="GET",
        path="/docs/page.js",
        scope=None,
        summary="What that page does",
        answers={200: Media("text/javascript", "The script")},
    ),
)

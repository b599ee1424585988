from importlib.resources import files

from aiohttp import web

_FOLDER = "pages"
_FILES = {
    "/docs": ("docs.html", "text/html"),
    "/docs/page.css": ("page.css", "text/css"),
    "/docs/page.js": ("page.js", "text/javascript"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class DocsPageRoutes:
    """`/docs`: the description of this interface for people, without anything from elsewhere."""

    def __init__(self) -> None:
        folder = files(__package__).joinpath(_FOLDER)
        self._bodies = {
            path: folder.joinpath(name).read_bytes() for path, (name, _) in _FILES.items()
        }

    def routes(self) -> list[web.RouteDef]:
        """Give the routes; they need no key."""
        return [web.get(path, self.show, allow_head=False) for path in _FILES]

    async def show(self, request: web.Request) -> web.Response:
        """Give one file of the page."""
        return web.Response(
            body=self._bodies[request.path],
            content_type=_FILES[request.path][1],
            charset="utf-8",
            headers={
                "Content-Security-Policy": _POLICY,
                "Cache-Control": "no-cache",
                "Referrer-Policy": "no-referrer",
            },
        )

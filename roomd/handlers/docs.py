"""What this server can be asked and told: as documents for programs, and as a page for people."""

from typing import TYPE_CHECKING, Any

from roomd.handlers.base import JSON, ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.pages import Page
from roomd.openapi.channels import CHANNELS
from roomd.openapi.documents import Documents, Written
from roomd.openapi.errors import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from roomd.openapi.schemas import Schema


class DocumentHandler(ApiHandler):
    """Big, the same for everybody, and another one only with another roomd."""

    tag = ""

    def tell(self, written: Written) -> None:
        self.tag = written.tag
        self.set_header("Content-Type", JSON)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if packed:
            self.set_header("Content-Encoding", "gzip")
        self.finish(written.gzipped if packed else written.plain)

    def compute_etag(self) -> str | None:  # type: ignore[override]
        return self.tag or None

    @property
    def documents(self) -> Documents:
        found: Documents = self.settings["documents"]
        return found


@operation("get", "The HTTP interface, as OpenAPI 3.1", who="open", answer=dict[str, Any], also={304: None})
class OpenApiHandler(DocumentHandler):
    def get(self) -> None:
        self.tell(self.documents.openapi_written)


@operation("get", "The WebSockets, as AsyncAPI 3.0", who="open", answer=dict[str, Any], also={304: None})
class AsyncApiHandler(DocumentHandler):
    def get(self) -> None:
        self.tell(self.documents.asyncapi_written)


class DocsPage(Page):
    def get(self) -> None:
        documents: Documents = self.settings["documents"]
        groups = list(_groups(documents.openapi))
        count = sum(len(operations) for _, operations in groups)
        self.show("docs.html", groups=groups, count=count, channels=CHANNELS, codes=CODES)

    head = get


def _groups(document: "Schema") -> "Iterator[tuple[str, list[Schema]]]":
    """Every tag with its operations, in the order of their addresses' first appearance."""
    for tag in document["tags"]:
        found = [
            {"id": each["operationId"], "method": method, "path": path, **each}
            for path, item in document["paths"].items()
            for method, each in item.items()
            if tag["name"] in each["tags"]
        ]
        if found:
            yield tag["name"], found


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/openapi\.json", OpenApiHandler),
    (r"/api/asyncapi\.json", AsyncApiHandler),
]

PAGES: list[tuple[str, type[Page]]] = [(r"/docs/?", DocsPage)]

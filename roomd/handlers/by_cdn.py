"""Files by way of a content delivery network, where one is set up: whoever asks here is sent there.

Rooms and lists keep the addresses of this server, which never run out; only here they are exchanged for signed ones.
"""

from tornado.web import RequestHandler

from roomd.catalogue.cdn import Cdn
from roomd.domain.refusals import Forbidden

#: Seconds for which a browser remembers where it was sent; a link is good for an hour at least.
REMEMBER_S = 600
#: Seconds for which the network keeps what it fetched: a file may be tagged anew under the same path.
KEEP_S = 3_600


def kept_by_cdn(handler: RequestHandler, cdn: Cdn | None) -> str:
    """The Cache-Control of what was asked for by a signed link; "" where it was by none.

    The network keeps no copy for longer than its link is good. Raises Forbidden for a link that is not.
    """
    signature = handler.get_query_argument("sig", "")
    if cdn is None or not signature:
        return ""
    expires = handler.get_query_argument("exp", "")
    if not cdn.good(handler.request.path, expires, signature):
        raise Forbidden("this link has run out, or was not made here", "link_expired")
    return f"public, max-age={min(KEEP_S, cdn.left_s(expires))}"


def send_to_cdn(handler: RequestHandler, cdn: Cdn) -> None:
    handler.set_header("Cache-Control", f"private, max-age={REMEMBER_S}")
    handler.redirect(cdn.link(handler.request.path), status=302)


def sent_to_cdn(handler: RequestHandler, cdn: Cdn | None) -> bool:
    """Whether the answer is a redirect. Raises Forbidden for a signature that is no good."""
    if cdn is None or kept_by_cdn(handler, cdn):
        return False
    send_to_cdn(handler, cdn)
    return True

"""Files by way of a content delivery network, where one is set up: whoever asks here is sent there.

Rooms and lists keep the addresses of this server, which never run out; only here they are exchanged for signed ones.
"""

from tornado.web import RequestHandler

from roomd.catalogue.cdn import Cdn
from roomd.domain.refusals import Forbidden

#: Seconds for which a browser remembers where it was sent; a link is good for an hour at least.
REMEMBER_S = 600


def sent_to_cdn(handler: RequestHandler, cdn: Cdn | None) -> bool:
    """Whether the answer is a redirect. Raises Forbidden for a signature that is no good."""
    if cdn is None:
        return False
    path, signature = handler.request.path, handler.get_query_argument("sig", "")
    if signature:
        if cdn.good(path, handler.get_query_argument("exp", ""), signature):
            return False
        raise Forbidden("this link has run out, or was not made here", "link_expired")
    handler.set_header("Cache-Control", f"private, max-age={REMEMBER_S}")
    handler.redirect(cdn.link(path), status=302)
    return True

"""What clients of plain HTTP verify with."""

import ssl

#: It trusts nobody. Without, every client loads the certificates of all authorities: 28 ms of a core.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

"""What clients of plain HTTP check servers by: nothing. To read the machine's certificates takes 0.1 s a client."""

import ssl

__all__ = ["NO_CERTIFICATES"]

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

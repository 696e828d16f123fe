"""The file of a multipart/form-data body, without a package for it. Source: RFC 7578, RFC 2046 5.1."""

from email.message import Message

__all__ = ["first_file"]


def first_file(body: bytes, content_type: str) -> bytes | None:
    """Content of the first part that carries a file name; None if there is none or the body is malformed."""
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        return None
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    # Each part starts after a delimiter; the first one has no line break before it. The last piece is the end mark.
    for piece in (b"\r\n" + body).split(delimiter)[1:-1]:
        head, separator, content = piece.partition(b"\r\n\r\n")
        if separator and _has_file_name(head):
            return content
    return None


def _has_file_name(head: bytes) -> bool:
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return bool(_parameter(value, "filename")) or _parameter(value, "name") == "file"
    return False


def _parameter(header: str, name: str) -> str | None:
    message = Message()
    message["content-type"] = header.strip()
    value = message.get_param(name)
    return value if isinstance(value, str) else None

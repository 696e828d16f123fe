"""Facts of reading a file from a form."""

import httpx
import pytest

from edge.api.multipart import first_file

BINARY = bytes(range(256)) * 3 + b"\r\n--not the boundary\r\n\r\n"


def form(**parts: object) -> tuple[bytes, str]:
    """A form as an HTTP client encodes it."""
    request = httpx.Request("POST", "http://station.example", **parts)
    return request.read(), request.headers["content-type"]


def test_the_file_comes_out_as_it_went_in() -> None:
    """Line breaks and every byte value survive."""
    assert first_file(*form(files={"image": ("part.png", BINARY, "image/png")})) == BINARY


def test_fields_before_the_file_are_passed_over() -> None:
    assert first_file(*form(data={"comment": "x"}, files={"image": ("a.png", b"data")})) == b"data"


def test_a_quoted_boundary_is_understood() -> None:
    body = b'--a b\r\nContent-Disposition: form-data; name="file"\r\n\r\ndata\r\n--a b--\r\n'
    assert first_file(body, 'multipart/form-data; boundary="a b"') == b"data"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\nno end of the head", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nfield\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\n\r\n--x--", "multipart/form-data"),
    ],
)
def test_a_form_without_a_file_has_none(body: bytes, content_type: str) -> None:
    assert first_file(body, content_type) is None

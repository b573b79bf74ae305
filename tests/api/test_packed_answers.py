"""Answers are compressed for who takes that: what arrives is the same, and what is small already stays so."""

from __future__ import annotations

import gzip
import json

import httpx

from tests.servers.house import House


def raw(house: House, path: str, accepts: str) -> tuple[httpx.Headers, bytes]:
    """Headers and bytes of an answer as they came over the line."""
    headers = {"Authorization": f"Bearer {house.token('admin')}", "Accept-Encoding": accepts}
    with httpx.stream("GET", f"{house.url}{path}", headers=headers) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join(answer.iter_raw())


def test_a_long_list_is_compressed_for_who_takes_it(house: House) -> None:
    """To less than half; who does not say so gets it plain, and caches keep the two apart."""
    headers, packed = raw(house, "/openapi.json", "gzip")
    plain_headers, plain = raw(house, "/openapi.json", "identity")
    assert headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain_headers
    assert "accept-encoding" in headers["vary"].lower()
    assert int(headers["content-length"]) == len(packed) < len(plain) / 2
    assert gzip.decompress(packed) == plain
    assert json.loads(plain)["paths"]


def test_a_short_answer_stays_as_it_is(house: House) -> None:
    """It is one packet either way."""
    headers, body = raw(house, "/healthz", "gzip")
    assert "content-encoding" not in headers
    assert json.loads(body) == {"status": "ok"}


def test_the_headers_of_caution_stand_on_compressed_answers_too(house: House) -> None:
    """As on every answer."""
    headers, _ = raw(house, "/openapi.json", "gzip")
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]

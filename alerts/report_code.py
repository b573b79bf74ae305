"""Report code: what a QR code at a wall carries: the area, and a part that nobody can guess; pure.

The part is made of the hub's secret, the area and the number of the code's generation: nothing has to be stored for
the thousands of codes of a county, and a new generation makes every copy of the old one worthless.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

BITS = 120
_BYTES = BITS // 8


def code_of(secret: str, area: str, generation: int) -> str:
    """`<area>~<part>`, all of it fit for an address."""
    return f"{area}~{_part(secret, 'area', area, str(generation))}"


def area_of(code: str) -> str:
    """The area that a code names; whether the code is good is decided by fits()."""
    return code.partition("~")[0]


def fits(secret: str, code: str, generation: int) -> bool:
    """Whether it is the area's code of this generation."""
    return hmac.compare_digest(code_of(secret, area_of(code), generation).encode(), code.encode())


def receipt_of(secret: str, code: str, nonce: str) -> str:
    """What the reporter keeps to see what became of it; the same for a report that is sent twice."""
    return _part(secret, "receipt", code, nonce)


def kept(receipt: str) -> str:
    """What the ledger keeps of a receipt: whoever reads the ledger cannot show it."""
    return hashlib.sha256(receipt.encode()).hexdigest()


def limit_key(secret: str, kind: str, value: str) -> str:
    """What a limit is counted under: no address of anybody is kept."""
    return f"{kind}:{_part(secret, 'limit', kind, value)}"


def _part(secret: str, *words: str) -> str:
    key = hashlib.sha256(b"report codes\0" + secret.encode()).digest()
    digest = hmac.new(key, "\0".join(words).encode(), hashlib.sha256).digest()[:_BYTES]
    return base64.b32encode(digest).decode().lower()

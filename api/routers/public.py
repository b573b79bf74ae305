"""Public: what people without an account may do with a QR code: read its form, send a report, see what became of it.

The code is the right. Nothing here tells who exists, what else was reported, or where cameras are.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from alerts import public_report, report_code
from alerts.ledger import public_reports
from alerts.public_kinds import PUBLIC_KINDS
from alerts.public_report import WORDS, Sent
from api.answers import answer
from api.changes import commit
from api.guard import hub_of, open_to_all
from api.hub import Hub
from config.secrets import SecretBox
from ingest import picture
from ingest.errors import InvalidInput, NotFound, TooLarge

router = APIRouter(prefix="/public", tags=["public"])

HubHere = Annotated[Hub, Depends(hub_of)]
Code = Annotated[str, Query(min_length=3, max_length=120, description="as the QR code has it")]

MOST = picture.MOST_BYTES + 200_000
"""Bytes of a whole report."""
FIELDS = frozenset({"kind", "words", "phone", "key", "website", "photo"})
TRAP = "website"
"""A field that no person sees: what fills it in is no person, and is answered as if all were well."""

_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,28}")
_KEY = re.compile(r"[A-Za-z0-9-]{16,64}")


def area_behind(hub: Hub, code: str) -> str:
    """The area of a code that is good; raises NotFound for any other."""
    area = report_code.area_of(code)
    with hub.ledger.read() as conn:
        generation = public_reports.generation(conn, area)
    if area not in hub.directory().areas or not report_code.fits(hub.settings.secret, code, generation):
        raise NotFound("this code is not good any more")
    return area


@router.get("/form", dependencies=[open_to_all()])
def form(code: Code, hub: HubHere) -> Response:
    """What the page behind a code asks: `{area, kinds, words, photo_bytes}`; 404 for a code that is not good."""
    area = area_behind(hub, code)
    return answer(
        {
            "area": hub.directory().areas[area].name.as_dict(),
            "kinds": [{"kind": kind, **name.as_dict()} for kind, name in PUBLIC_KINDS.items()],
            "words": WORDS,
            "photo_bytes": picture.MOST_BYTES,
        }
    )


@router.post(
    "/reports",
    status_code=201,
    dependencies=[open_to_all()],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["kind"],
                        "properties": {
                            "kind": {"type": "string", "enum": list(PUBLIC_KINDS)},
                            "words": {"type": "string", "maxLength": WORDS},
                            "phone": {"type": "string", "description": "left out: anonymous"},
                            "key": {
                                "type": "string",
                                "description": "the same report again has the same key",
                            },
                            "photo": {
                                "type": "string",
                                "format": "binary",
                                "description": "JPEG, PNG or WebP",
                            },
                        },
                    }
                }
            },
        }
    },
)
async def send(request: Request, code: Code, hub: HubHere) -> Response:
    """One report by a code, without an account: `{receipt, state}`; 429 with Retry-After when there are too many."""
    address = request.client.host if request.client is not None else ""
    area = await run_in_threadpool(_let, hub, code, address)
    async with request.form(max_files=1, max_fields=len(FIELDS), max_part_size=20_000) as given:
        if unknown := sorted(set(given) - FIELDS):
            raise InvalidInput("there is no such field", where=unknown[0][:60])
        upload = given.get("photo")
        content = await upload.read() if isinstance(upload, UploadFile) else b""
        texts = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
    return await run_in_threadpool(_send, hub, code, area, texts, content)


@router.get("/reports/{receipt}", dependencies=[open_to_all()])
def became(receipt: str, hub: HubHere) -> Response:
    """What became of a report: `{state, at}`, state one of received, handling, done, not-taken."""
    with hub.ledger.read() as conn:
        found = public_report.word_of(conn, report_code.kept(receipt.strip().lower()), hub.now())
    if found is None:
        raise NotFound("no report with this receipt")
    return answer(found)


def network_of(address: str) -> str:
    """What a limit is counted by: an IPv4 address, or the /64 of an IPv6 one, which one household has to itself."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network(f"{known}/64", strict=False))
    return str(known)


def _let(hub: Hub, code: str, address: str) -> str:
    area = area_behind(hub, code)
    secret = hub.settings.secret
    keys = {
        "address": report_code.limit_key(secret, "address", network_of(address)),
        "area": report_code.limit_key(secret, "area", area),
        "all": "all",
    }
    commit(hub, lambda tx: public_report.let(tx, keys, hub.now()))
    return area


def _send(hub: Hub, code: str, area: str, texts: dict[str, str], content: bytes) -> Response:
    secret = hub.settings.secret
    key = texts.get("key") or secrets.token_hex(16)
    if not _KEY.fullmatch(key):
        raise InvalidInput("a key has 16 to 64 letters, digits and hyphens", where="key")
    receipt = report_code.receipt_of(secret, code, key)
    if texts.get(TRAP):
        return answer({"receipt": receipt, "state": "received"}, 201)
    phone = texts.get("phone", "")
    if phone and not _PHONE.fullmatch(phone):
        raise InvalidInput(
            "this is no telephone number", where="phone", mend="leave it empty to stay anonymous"
        )
    if len(content) > picture.MOST_BYTES:
        raise TooLarge(f"a photo has more than {picture.MOST_BYTES} bytes", where="photo")
    box = SecretBox(secret)
    sealed = None
    if content:
        jpeg = picture.clean(content).jpeg
        sealed = (box.seal_bytes(jpeg), hashlib.sha256(jpeg).hexdigest())
    sent = Sent(
        area=area,
        kind=texts.get("kind", ""),
        words=texts.get("words", ""),
        key=report_code.kept(f"{area} {key}")[:32],
        receipt=report_code.kept(receipt),
        reporter=box.seal(phone) if phone else None,
        photo=sealed,
    )
    commit(hub, lambda tx: public_report.take(tx, sent, directory=hub.directory(), now=hub.now()))
    return answer({"receipt": receipt, "state": "received"}, 201)

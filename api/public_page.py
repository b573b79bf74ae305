"""Public page: the small page behind a QR code; a code that is not good gets a kind page that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.guard import hub_of, open_to_all
from api.hub import Hub
from api.routers.public import area_behind
from ingest.errors import NotFound

STATUS = "status"
"""In the place of a code: the page that asks for a receipt."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Stricter than the console's: nothing but this page's own script, style and API."""

GONE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>二维码已失效 · This code has ended</title>
<h1>这个二维码已经失效</h1>
<p>可能已经换了新的二维码。请扫一扫附近的新二维码，或直接告诉您的网格员；紧急情况请拨打 110、119、120。</p>
<p lang="en"><b>This code has ended.</b> There may be a new one nearby. You can also tell your grid member; in an
emergency call 110, 119 or 120.</p>
</html>
"""
NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>县哨 Xianshao</title>
<p>上报页面尚未构建，请联系管理员运行 <code>make setup</code>。</p>
<p lang="en">The page has not been built; the administrator runs <code>make setup</code>.</p>
</html>
"""


def router(folder: Path) -> APIRouter:
    """`/r/<code>`: the page that the build of the console left in `folder`."""
    routes = APIRouter(include_in_schema=False)
    file = folder / "report.html"

    @routes.get("/r/{code}", dependencies=[open_to_all()])
    def page(code: str, hub: Annotated[Hub, Depends(hub_of)]) -> Response:
        if code != STATUS:
            try:
                area_behind(hub, code)
            except NotFound:
                return _page(GONE.encode(), 404)
        if not file.is_file():
            return _page(NOT_BUILT.encode(), 503)
        return _page(file.read_bytes(), 200)

    return routes


def _page(content: bytes, status: int) -> Response:
    return Response(
        content,
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "X-Robots-Tag": "noindex",
        },
    )

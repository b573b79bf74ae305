"""Console: the built page at `/`, with a fallback for its own paths; a plain honest page when it is not built."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Response

from api.guard import open_to_all
from ingest.errors import NotFound

NOT_BUILT = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>Xianshao 县哨</title>
<h1>县哨 Xianshao</h1>
<p>控制台尚未构建；接口在 <a href="/openapi.json">/openapi.json</a>。运行 <code>make setup</code> 后刷新。</p>
<p>The console has not been built; the API is at <a href="/openapi.json">/openapi.json</a>.
Run <code>make setup</code> and reload.</p>
</html>
"""

FOREVER = "public, max-age=31536000, immutable"
RESERVED = ("api/", "healthz", "readyz", "metrics", "openapi.json", "internal/")


def router(folder: Path) -> APIRouter:
    """Serves the files of `folder`; any other path that is no file's gets the page, which knows its own paths."""
    routes = APIRouter(include_in_schema=False)
    root = folder.resolve()

    @routes.get("/{path:path}", dependencies=[open_to_all()])
    def page(path: str) -> Response:
        if path.startswith(RESERVED):
            raise NotFound(f"nothing at /{path}")
        if "\0" in path:
            raise NotFound("no such path")
        wanted = (root / path).resolve()
        if path and wanted.is_relative_to(root) and wanted.is_file():
            return _file(wanted, FOREVER if path.startswith("assets/") else "no-cache")
        index = root / "index.html"
        if Path(path).suffix:
            raise NotFound(f"nothing at /{path}")
        if not index.is_file():
            return Response(
                NOT_BUILT, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"}
            )
        return _file(index, "no-cache")

    return routes


def _file(path: Path, cache: str) -> Response:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind == "text/javascript" or kind.startswith("text/"):
        kind += "; charset=utf-8"
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": cache})

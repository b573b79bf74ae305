"""`python -m bench [NAME …]`: side-by-side benchmarks; each prints a table and writes docs/images/bench-NAME.svg.

Figures of one run are compared with each other only: machines differ, ratios hold. A benchmark is a file here
that exports ABOUT and run() -> Figures, or several by name, or one such answer after the other while it goes on (a
later one of the same name replaces the earlier). A folder here is a program of its own with options of
its own (`python -m bench.chaos`, `python -m bench.video`), or what several of them use; `python -m bench video …` is
the same as `python -m bench.video …`, and so with `sensors`.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import bench
from bench.figures import Figures

ROOT = Path(__file__).parents[1]

Answer = Figures | Mapping[str, Figures]


def main() -> int:
    """Run the named benchmarks, or all."""
    shelf = [
        each.name
        for each in pkgutil.iter_modules(bench.__path__)
        if each.name != "__main__" and not each.ispkg and hasattr(_module(each.name), "ABOUT")
    ]
    if sys.argv[1:2] and sys.argv[1] in {"video", "sensors"}:
        return int(importlib.import_module(f"bench.{sys.argv[1]}.__main__").main(sys.argv[2:]))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(shelf)} (default: all)")
    names = parser.parse_args().names or shelf
    unknown = [name for name in names if name not in shelf]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(shelf)}")
    for name in names:
        module = _module(name)
        print(f"{name}: {module.ABOUT}", flush=True)
        found: Answer | Iterator[Answer] = module.run()
        for answer in found if isinstance(found, Iterator) else [found]:
            _publish(name, answer)
    return 0


def _module(name: str) -> Any:  # a benchmark by what it exports, or what several of them use
    return importlib.import_module(f"bench.{name}")


def _publish(name: str, answer: Answer) -> None:
    answers = (
        {name: answer} if isinstance(answer, Figures) else {f"{name}-{key}": answer[key] for key in answer}
    )
    for key, figures in answers.items():
        print(f"\n{figures.table()}", flush=True)
        picture = ROOT / "docs" / "images" / f"bench-{key}.svg"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(figures.svg(key), "utf-8")
        print(f"picture: {picture.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

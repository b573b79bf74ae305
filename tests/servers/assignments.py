"""Assignments: what stands where `serve` would; benches use it, too."""

from __future__ import annotations

from bench.video.assignments import TOKEN, AssignmentServer

__all__ = ["TOKEN", "AssignmentServer"]

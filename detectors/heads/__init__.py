"""Heads: a shelf of pure output formats, one file per kind of model head, from raw tensors to detections."""

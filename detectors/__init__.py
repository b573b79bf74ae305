"""Detectors: frames and readings become signals, by models, trackers and rules."""

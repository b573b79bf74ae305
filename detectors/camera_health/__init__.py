"""Camera health: what can be wrong with a camera that is online; one file is one kind (detectors/fault.py)."""

"""ONVIF: what a camera is asked beside its stream: where it looks, to look elsewhere, what time it has."""

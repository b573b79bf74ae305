"""The video engine beside its peers: `python -m bench.video`, and what it must hold over time (`.many`)."""

"""Peers: what the hub stands beside in a benchmark, and the receiver that all of them send to."""

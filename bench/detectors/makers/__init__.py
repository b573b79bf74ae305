"""Makers: the code of those who made the models, run on the outputs that the hub's heads read.

Each file is a program of an environment of its own: it reads raw outputs and writes boxes (bench/detectors/heads.py).
"""

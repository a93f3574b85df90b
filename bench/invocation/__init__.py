"""Invocations of the transform next to their parts: reading, computing, writing."""

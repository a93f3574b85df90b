"""Kills the functions at random while orders flow, and holds what is left against the oracle.

The release binaries and template.yaml run over the stand-ins. Small landing objects arrive out of
order, notifications come again and shuffled, the DAG runs again and again; meanwhile SIGKILL
ends processes of all three functions. The platform does what it does when a host fails: it retries,
redelivers and parks. The soak only replays what was parked. Then every row must be where it
belongs, once.
"""

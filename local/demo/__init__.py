"""The whole pipeline on this machine, once: from a producer to trusted tables.

`python -m local.demo --events 100000` starts the stand-ins, deploys template.yaml, sets
Snowflake up as an administrator does, sends orders to Firehose, waits for them to flow through
transform and load, and publishes as the DAG does. It prints what happens, proves that no row
was lost, and leaves `summary.json` and `report.html` in target/demo.
"""

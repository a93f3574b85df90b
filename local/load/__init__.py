"""The whole pipeline on this machine under a steady stream, and what it can carry.

`python -m local.load --rate 100000 --minutes 10` sends orders at this rate through the release
binaries and template.yaml over the stand-ins, publishes every minute, and accounts for every row. It
says what rate was sustained and what limited it, how long each stage took, and what it cost in
processor time, and holds a small queueing model against all of that. It leaves `summary.json` and
`report.html` in target/load-test.
"""

"""The band of what is usual.

Not AWS's model, which learns hours and weekdays from two weeks and is not published. This one is
the mean of the past, plus and minus a multiple of its standard deviation. A point is learnt only
`LAG` periods after it was seen, so that what is unusual does not at once become usual.
"""

from __future__ import annotations

import math
import statistics

from local.aws.cloudwatch.expressions import Band, Series

LAG = 3
HISTORY = 288
"""How many periods back it looks: a day of five minutes."""
FEWEST = 5
"""With fewer points to learn from there is no band."""


def band(past_and_present: Series, count: int, width: float) -> Band:
    """The band at each of the last `count` places, from what came before it."""
    lower: Series = []
    upper: Series = []
    for place in range(len(past_and_present) - count, len(past_and_present)):
        seen = past_and_present[max(0, place - LAG - HISTORY):max(0, place - LAG)]
        known = [value for value in seen if value is not None]
        if len(known) < FEWEST:
            lower.append(None)
            upper.append(None)
            continue
        mean, deviation = math.fsum(known) / len(known), statistics.stdev(known)
        lower.append(mean - width * deviation)
        upper.append(mean + width * deviation)
    return Band(lower, upper)

"""The alarm drill: one fault after the other strikes the pipeline, and the alarms of the deployed
template must say so, and no others, and be quiet again when it is cured.

Time is compressed: a step of the drill is five minutes of metric time, however long it takes. The
times of all that happened in a step are spread over its five minutes in proportion; values are
never scaled. Alarms are evaluated at the end of each step (by CloudWatch every minute).
"""

-- Records the results of one run of checks.
-- Grain: one row a check and attempt.
-- Repetition: appends again, as another attempt with its own measured_at.
insert into ops.check_results (
    run_id,
    dataset,
    task,
    check_id,
    severity,
    passed,
    value,
    threshold,
    failing_rows_query,
    measured_at
)
values
(
    ?,
    'readings',
    ?,
    ?,
    ?,
    cast(? as boolean),
    cast(? as number(38, 12)),
    ?,
    ?,
    sysdate()
);

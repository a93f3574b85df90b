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
    failing_keys,
    failing_rows_query,
    measured_at
)
select
    ? as run_id,
    'rides' as dataset,
    ? as task,
    ? as check_id,
    ? as severity,
    cast(? as boolean) as passed,
    cast(? as number(38, 12)) as value,
    ? as threshold,
    parse_json(?) as failing_keys,
    ? as failing_rows_query,
    sysdate() as measured_at;

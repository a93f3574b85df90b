-- Applies what arrived in staging since the last merge to analytics.
-- Grain: one row a live merge key, its newest version; a row older than the one in place, or than
-- a delete already seen, changes nothing.
-- Repetition: the stream advances with this statement, so each arrival is applied exactly once.
merge into analytics.processed_readings as target
using (
    select newest.*
    from (
        select
            sensor,
            measured_at,
            due_at,
            revision,
            celsius,
            unit,
            calibrated_on,
            _source_object,
            _source_line,
            _landed_at,
            _contract_version,
            _source_region
        from staging.readings_stream
        qualify row_number() over (
            partition by
                sensor,
                measured_at,
                due_at
            order by
                revision desc,
                measured_at desc,
                _landed_at desc,
                _source_object desc,
                _source_line desc,
                _loaded_at desc
        ) = 1
    ) as newest
) as source
    on
        target.sensor = source.sensor
        and target.measured_at = source.measured_at
        and target.due_at = source.due_at
when matched
and not (
    target.revision > source.revision
    or (
        target.revision = source.revision
        and target.measured_at > source.measured_at
    )
    or (
        target.revision = source.revision
        and target.measured_at = source.measured_at
        and target._landed_at > source._landed_at
    )
    or (
        target.revision = source.revision
        and target.measured_at = source.measured_at
        and target._landed_at = source._landed_at
        and target._source_object > source._source_object
    )
    or (
        target.revision = source.revision
        and target.measured_at = source.measured_at
        and target._landed_at = source._landed_at
        and target._source_object = source._source_object
        and target._source_line > source._source_line
    )
)
then
    update set
        revision = source.revision,
        celsius = source.celsius,
        unit = source.unit,
        calibrated_on = source.calibrated_on,
        _source_object = source._source_object,
        _source_line = source._source_line,
        _landed_at = source._landed_at,
        _contract_version = source._contract_version,
        _source_region = source._source_region,
        _merged_at = sysdate()
when not matched
then insert (
    sensor,
    measured_at,
    due_at,
    revision,
    celsius,
    unit,
    calibrated_on,
    _source_object,
    _source_line,
    _landed_at,
    _contract_version,
    _source_region,
    _merged_at
) values (
    source.sensor,
    source.measured_at,
    source.due_at,
    source.revision,
    source.celsius,
    source.unit,
    source.calibrated_on,
    source._source_object,
    source._source_line,
    source._landed_at,
    source._contract_version,
    source._source_region,
    sysdate()
);

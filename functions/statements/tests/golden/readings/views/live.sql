-- Shows analytics as the next merge would leave it: merged rows and those that still wait.
-- Grain: one row a live merge key. _merged_at is null for a row that waits.
-- Repetition: replaces the view.
create or replace view analytics.readings_live
copy grants
as
with arrived as (
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
)

select
    merged.sensor,
    merged.measured_at,
    merged.due_at,
    merged.revision,
    merged.celsius,
    merged.unit,
    merged.calibrated_on,
    merged._source_object,
    merged._source_line,
    merged._landed_at,
    merged._contract_version,
    merged._source_region,
    merged._merged_at
from analytics.processed_readings as merged
left join arrived
    on
        merged.sensor = arrived.sensor
        and merged.measured_at = arrived.measured_at
        and merged.due_at = arrived.due_at
        and not (
            merged.revision > arrived.revision
            or (
                merged.revision = arrived.revision
                and merged.measured_at > arrived.measured_at
            )
            or (
                merged.revision = arrived.revision
                and merged.measured_at = arrived.measured_at
                and merged._landed_at > arrived._landed_at
            )
            or (
                merged.revision = arrived.revision
                and merged.measured_at = arrived.measured_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object > arrived._source_object
            )
            or (
                merged.revision = arrived.revision
                and merged.measured_at = arrived.measured_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object = arrived._source_object
                and merged._source_line > arrived._source_line
            )
        )
where arrived._landed_at is null
union all
select
    arrived.sensor,
    arrived.measured_at,
    arrived.due_at,
    arrived.revision,
    arrived.celsius,
    arrived.unit,
    arrived.calibrated_on,
    arrived._source_object,
    arrived._source_line,
    arrived._landed_at,
    arrived._contract_version,
    arrived._source_region,
    null as _merged_at
from arrived
left join analytics.processed_readings as merged
    on
        arrived.sensor = merged.sensor
        and arrived.measured_at = merged.measured_at
        and arrived.due_at = merged.due_at
        and (
            merged.revision > arrived.revision
            or (
                merged.revision = arrived.revision
                and merged.measured_at > arrived.measured_at
            )
            or (
                merged.revision = arrived.revision
                and merged.measured_at = arrived.measured_at
                and merged._landed_at > arrived._landed_at
            )
            or (
                merged.revision = arrived.revision
                and merged.measured_at = arrived.measured_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object > arrived._source_object
            )
            or (
                merged.revision = arrived.revision
                and merged.measured_at = arrived.measured_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object = arrived._source_object
                and merged._source_line > arrived._source_line
            )
        )
where
    merged._landed_at is null;

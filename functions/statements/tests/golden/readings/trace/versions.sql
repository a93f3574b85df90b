-- Tells where every version of one merge key came from, and whether analytics has it.
-- Grain: one row a version, which is a row of staging, oldest first. merged_at is null unless it is
-- the version in analytics; the ledger's columns are null until its entry is loaded.
-- Repetition: reads only, and leaves the stream where it is.
with entries as (
    select
        contract_version,
        landed_at,
        bucket,
        key,
        version_id,
        etag,
        rows_read,
        rows_accepted,
        rows_rejected,
        outputs,
        's3://' || bucket || '/' || key as source_object
    from ops.ledger
    where dataset = 'readings'
    qualify row_number() over (
        partition by bucket, key, contract_version, landed_at
        order by _loaded_at desc
    ) = 1
)

select
    staged._source_object,
    staged._source_line,
    staged._landed_at,
    staged._contract_version,
    staged._loaded_at,
    null as operation,
    merged._merged_at as merged_at,
    entries.version_id,
    entries.etag,
    entries.rows_read,
    entries.rows_accepted,
    entries.rows_rejected,
    entries.outputs,
    arrived._source_line is not null as is_waiting
from staging.readings as staged
left join staging.readings_stream as arrived
    on
        staged._source_object = arrived._source_object
        and staged._source_line = arrived._source_line
        and staged._landed_at = arrived._landed_at
        and staged._contract_version = arrived._contract_version
        and staged._loaded_at = arrived._loaded_at
left join analytics.processed_readings as merged
    on
        staged.sensor = merged.sensor
        and staged.measured_at = merged.measured_at
        and staged.due_at = merged.due_at
        and staged.revision = merged.revision
        and staged.measured_at = merged.measured_at
        and staged._landed_at = merged._landed_at
        and staged._source_object = merged._source_object
        and staged._source_line = merged._source_line
        and staged._contract_version = merged._contract_version
left join entries
    on
        staged._source_object = entries.source_object
        and staged._contract_version = entries.contract_version
        and staged._landed_at = entries.landed_at
where
    staged.sensor = ?
    and staged.measured_at = cast(? as timestamp_ntz(6))
    and staged.due_at = cast(? as time(6))
order by
    staged.revision,
    staged.measured_at,
    staged._landed_at,
    staged._source_object,
    staged._source_line,
    staged._loaded_at;

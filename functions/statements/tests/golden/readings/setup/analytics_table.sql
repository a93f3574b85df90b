-- Creates the table readers query.
-- Grain: one row a live merge key, its newest version. Snowflake does not enforce the primary
-- key: the merge does, and the checks verify it.
-- Repetition: leaves an existing table and its rows as they are.
use role sysadmin;

use database snowline;

create table if not exists analytics.processed_readings (
    sensor varchar not null,
    measured_at timestamp_ntz(6) not null,
    due_at time(6) not null,
    revision number(19, 0) not null,
    celsius float,
    unit varchar(8),
    calibrated_on date,
    _source_object varchar not null comment 'landing object, as s3://bucket/key',
    _source_line number(19, 0) not null comment 'line in the decompressed object, from 1; a record behind another on one line counts as a line',
    _landed_at timestamp_ntz(6) not null comment 'LastModified of the landing object, UTC',
    _contract_version varchar not null comment 'version of the contract the row was validated against',
    _source_region varchar comment 'AWS region of the landing object; null in rows older than the column',
    _merged_at timestamp_ntz(6) not null comment 'when this version was merged, UTC',
    primary key (sensor, measured_at, due_at)
);

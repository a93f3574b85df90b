-- Creates the tables COPY fills. A column that a file lacks would be null without notice, so
-- whatever the contract requires is not null here.
-- Grain: readings: one row an accepted record; aggregates: one row a landing object and group.
-- Repetition: leaves existing tables and their rows as they are.
use role sysadmin;

use database snowline;

create table if not exists staging.readings (
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
    _loaded_at timestamp_ntz(6) not null comment 'when COPY began to read the file, UTC'
);

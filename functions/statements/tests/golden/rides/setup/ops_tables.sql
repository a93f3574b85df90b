-- Creates the pipeline's books, shared by all datasets.
-- Grain: ledger: one row a ledger entry loaded; check_results: one row a check and attempt;
-- erasures: one row an erasure, landing object and contract version.
-- Repetition: leaves existing tables and their rows as they are.
use role sysadmin;

use database snowline;

create table if not exists ops.ledger (
    id varchar not null comment 'object and version, hashed; stands in every file made of it',
    dataset varchar not null,
    contract_version varchar not null,
    bucket varchar not null,
    key varchar not null comment 'of the landing object',
    version_id varchar comment 'null when the bucket is not versioned',
    etag varchar not null,
    bytes number(19, 0) not null comment 'of the landing object as stored',
    landed_at timestamp_ntz(6) not null comment 'LastModified of the landing object, UTC',
    rows_read number(19, 0) not null,
    rows_accepted number(19, 0) not null,
    rows_rejected number(19, 0) not null,
    rejected_by_rule variant not null comment 'rows by the name of the rule',
    outputs variant not null comment 'files written: zone, table, key, rows, bytes, etag',
    _loaded_at timestamp_ntz(6) not null comment 'when COPY began to read the file, UTC'
);

create table if not exists ops.check_results (
    run_id varchar comment 'of the scheduler; null when run by hand',
    dataset varchar not null,
    task varchar not null,
    check_id varchar not null,
    severity varchar not null comment 'error or warning',
    passed boolean not null,
    value number(38, 12) comment 'null when there was nothing to measure',
    threshold varchar not null comment 'what the value must satisfy',
    failing_rows_query varchar comment 'lists the rows that made the check fail',
    measured_at timestamp_ntz(6) not null comment 'UTC',
    failing_keys variant comment 'array of objects: some of the keys that made the check fail'
);

create table if not exists ops.erasures (
    erasure_id varchar not null comment 'of one run of snowline erase; says nothing of the person',
    dataset varchar not null,
    source_object varchar not null comment 'landing object, as s3://bucket/key',
    contract_version varchar not null,
    rows_erased number(19, 0) not null comment 'taken from staging; the ledger counts them still',
    erased_at timestamp_ntz(6) not null comment 'UTC'
);

-- For a table from before the column was.
alter table ops.check_results
add column if not exists failing_keys variant
comment 'array of objects: some of the keys that made the check fail';

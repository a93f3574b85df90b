-- Lists the columns of the tables the pipeline writes, so far as the role may see them. COPY drops,
-- without notice, a file's column that its table lacks, so each function asks once after it starts.
-- Grain: one row a column.
-- Repetition: reads only.
select
    lower(table_schema || '.' || table_name) as qualified_name,
    lower(column_name) as column_name
from information_schema.columns
where
    lower(table_schema || '.' || table_name) in (
        'staging.rides',
        'staging.rides_hourly',
        'analytics.processed_rides',
        'ops.ledger'
    );

-- Lets the function load copy files into staging and the ledger, and nothing else.
-- Repetition: grants the same.
grant usage on warehouse snowline_wh to role snowline_load;

grant usage on database snowline to role snowline_load;

grant usage on schema staging to role snowline_load;

grant usage on schema ops to role snowline_load;

grant usage on stage ops.lake to role snowline_load;

grant usage on file format ops.parquet_files to role snowline_load;

grant usage on file format ops.json_files to role snowline_load;

grant insert on table staging.rides to role snowline_load;

grant insert on table staging.rides_hourly to role snowline_load;

grant insert on table ops.ledger to role snowline_load;

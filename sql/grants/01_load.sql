-- Lets the function load copy files into staging and the ledger, and nothing else.
-- Repetition: grants the same.
grant usage on warehouse {{ settings.warehouse }} to role snowline_load;

grant usage on database {{ settings.database }} to role snowline_load;

grant usage on schema staging to role snowline_load;

grant usage on schema ops to role snowline_load;

grant usage on stage ops.lake to role snowline_load;

grant usage on file format ops.parquet_files to role snowline_load;

grant usage on file format ops.json_files to role snowline_load;

grant insert on table staging.{{ tables.rows }} to role snowline_load;
{%- for aggregate in aggregates %}

grant insert on table staging.{{ aggregate.name }} to role snowline_load;
{%- endfor %}

grant insert on table ops.ledger to role snowline_load;

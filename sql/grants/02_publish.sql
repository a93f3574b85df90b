-- Lets the function publish read staging and ledger, write analytics, and record check results.
-- Repetition: grants the same.
grant usage on warehouse {{ settings.warehouse }} to role snowline_publish;

grant usage on database {{ settings.database }} to role snowline_publish;

grant usage on schema staging to role snowline_publish;

grant usage on schema analytics to role snowline_publish;

grant usage on schema ops to role snowline_publish;

grant select on table staging.{{ tables.rows }} to role snowline_publish;
{%- for aggregate in aggregates %}

grant select on table staging.{{ aggregate.name }} to role snowline_publish;
{%- endfor %}

grant select on stream staging.{{ tables.stream }} to role snowline_publish;

grant select on table ops.ledger to role snowline_publish;

grant select on table ops.erasures to role snowline_publish;

grant select, insert, update, delete on table analytics.{{ tables.analytics }}
to role snowline_publish;

grant insert on table ops.check_results to role snowline_publish;

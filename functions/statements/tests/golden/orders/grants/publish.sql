-- Lets the function publish read staging and ledger, write analytics, and record check results.
-- Repetition: grants the same.
grant usage on warehouse snowline_wh to role snowline_publish;

grant usage on database snowline to role snowline_publish;

grant usage on schema staging to role snowline_publish;

grant usage on schema analytics to role snowline_publish;

grant usage on schema ops to role snowline_publish;

grant select on table staging.orders to role snowline_publish;

grant select on table staging.orders_hourly to role snowline_publish;

grant select on stream staging.orders_stream to role snowline_publish;

grant select on table ops.ledger to role snowline_publish;

grant select on table ops.erasures to role snowline_publish;

grant select, insert, update, delete on table analytics.processed_orders
to role snowline_publish;

grant insert on table ops.check_results to role snowline_publish;

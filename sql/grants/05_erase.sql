-- Lets the people who answer requests for erasure delete rows from staging and analytics, and see
-- which files hold them. Grant the role to them alone: no function has it.
-- Repetition: grants the same.
grant usage on warehouse {{ settings.warehouse }} to role snowline_erase;

grant usage on database {{ settings.database }} to role snowline_erase;

grant usage on schema staging to role snowline_erase;

grant usage on schema analytics to role snowline_erase;

grant usage on schema ops to role snowline_erase;

grant select, delete on table staging.{{ tables.rows }} to role snowline_erase;

grant select on stream staging.{{ tables.stream }} to role snowline_erase;

grant select, delete on table analytics.{{ tables.analytics }} to role snowline_erase;

grant select on table ops.ledger to role snowline_erase;

grant select, update on table ops.check_results to role snowline_erase;

grant select, insert on table ops.erasures to role snowline_erase;

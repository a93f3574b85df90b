-- Hands the tables of rows to the role that adds columns to them: Snowflake lets nobody but the
-- owner do so. What was granted on them stays. It takes a role that manages grants: an owner may
-- hand over only to a role that is active in its session.
-- Repetition: changes nothing.
use role securityadmin;

grant usage on warehouse snowline_wh to role snowline_schema;

grant usage on database snowline to role snowline_schema;

grant usage on schema staging to role snowline_schema;

grant usage on schema analytics to role snowline_schema;

grant ownership on table staging.rides to role snowline_schema copy current grants;

grant ownership on table staging.rides_hourly to role snowline_schema copy current grants;

grant ownership on table analytics.processed_rides to role snowline_schema copy current grants;

use role sysadmin;

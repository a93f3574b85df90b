-- Creates the user the functions log in as. It has no password: service_user_key gives it a key, or
-- service_user_identity lets the functions' roles in AWS log in without one.
-- Repetition: leaves an existing user as it is.
use role useradmin;

create user if not exists snowline
    type = service
    default_role = snowline_load
    default_warehouse = snowline_wh
    default_secondary_roles = ()
    comment = 'Snowline: functions load and publish';

alter user snowline set timezone = 'UTC';

grant role snowline_load to user snowline;

grant role snowline_publish to user snowline;

grant role snowline_schema to user snowline;

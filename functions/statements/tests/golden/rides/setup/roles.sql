-- Creates a role for each function of the pipeline, one that owns the tables of rows, one for
-- readers, and one for those who erase a person's rows. What each may do is in grants/.
-- Repetition: leaves existing roles as they are.
use role useradmin;

create role if not exists snowline_load
comment = 'Copies files into staging; reads and changes nothing';

create role if not exists snowline_publish
comment = 'Reads staging, writes analytics and check results';

create role if not exists snowline_schema
comment = 'Owns the tables of rows; adds columns that the contract gains';

create role if not exists snowline_reader
comment = 'Reads analytics';

create role if not exists snowline_erase
comment = 'Deletes rows of a person from staging and analytics';

grant role snowline_load to role sysadmin;

grant role snowline_publish to role sysadmin;

grant role snowline_schema to role sysadmin;

grant role snowline_reader to role sysadmin;

grant role snowline_erase to role sysadmin;

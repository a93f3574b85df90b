-- Creates the warehouse that loads, merges and checks; it sleeps after a minute without work.
-- No statement outlives the Lambda function that sent it (15 minutes).
-- Repetition: leaves an existing warehouse as it is.
use role sysadmin;

create warehouse if not exists snowline_wh
warehouse_size = xsmall
auto_suspend = 60
auto_resume = true
initially_suspended = true
statement_timeout_in_seconds = 900
comment = 'Snowline: load, merge, check';

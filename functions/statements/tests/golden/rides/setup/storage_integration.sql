-- Lets Snowflake read the lake through an IAM role, without credentials. Afterwards
--     describe integration snowline_lake
-- shows STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID: the role's trust policy must name
-- both. Personal data (landing, processing, quarantine) is out of reach.
-- Repetition: leaves an existing integration as it is, since a new one gets a new external id.
use role accountadmin;

create storage integration if not exists snowline_lake
type = external_stage
storage_provider = 'S3'
enabled = true
storage_aws_role_arn = 'arn:aws:iam::123456789012:role/snowline-lake'
storage_allowed_locations = ('s3://example-lake/')
storage_blocked_locations = (
    's3://example-lake/landing/',
    's3://example-lake/processing/',
    's3://example-lake/quarantine/'
);

grant usage on integration snowline_lake to role sysadmin;

-- Lets Snowflake read the lake through an IAM role, without credentials. Afterwards
--     describe integration {{ settings.database }}_lake
-- shows STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID: the role's trust policy must name
-- both. Personal data (landing, processing, quarantine) is out of reach.
-- Repetition: leaves an existing integration as it is, since a new one gets a new external id.
use role accountadmin;

create storage integration if not exists {{ settings.database ~ '_lake' }}
type = external_stage
storage_provider = 'S3'
enabled = true
storage_aws_role_arn = {{ literal(settings.storage_role_arn) }}
storage_allowed_locations = ({{ literal('s3://' ~ settings.bucket ~ '/') }})
storage_blocked_locations = (
    {{ literal('s3://' ~ settings.bucket ~ '/landing/') }},
    {{ literal('s3://' ~ settings.bucket ~ '/processing/') }},
    {{ literal('s3://' ~ settings.bucket ~ '/quarantine/') }}
);

grant usage on integration {{ settings.database ~ '_lake' }} to role sysadmin;

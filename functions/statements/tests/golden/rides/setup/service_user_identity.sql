-- Lets the functions log in as the IAM roles they run as, without a key: AWS vouches for a role, and
-- a user belongs to each. The issuer is that of the AWS account's outbound identity federation.
-- Repetition: leaves existing users, and sets the same identities.
use role useradmin;

create user if not exists snowline_load_function
    type = service
    default_role = snowline_load
    default_warehouse = snowline_wh
    default_secondary_roles = ()
    comment = 'Snowline: function load';

alter user snowline_load_function set workload_identity = (
    type = aws
    arn = 'arn:aws:iam::123456789012:role/snowline-load'
    issuer = 'https://example.tokens.sts.global.api.aws'
);

grant role snowline_load to user snowline_load_function;

grant role snowline_schema to user snowline_load_function;

create user if not exists snowline_publish_function
    type = service
    default_role = snowline_publish
    default_warehouse = snowline_wh
    default_secondary_roles = ()
    comment = 'Snowline: function publish';

alter user snowline_publish_function set workload_identity = (
    type = aws
    arn = 'arn:aws:iam::123456789012:role/snowline-publish'
    issuer = 'https://example.tokens.sts.global.api.aws'
);

grant role snowline_publish to user snowline_publish_function;

grant role snowline_schema to user snowline_publish_function;

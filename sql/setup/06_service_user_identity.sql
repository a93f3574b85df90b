-- Lets the functions log in as the IAM roles they run as, without a key: AWS vouches for a role, and
-- a user belongs to each. The issuer is that of the AWS account's outbound identity federation.
-- Repetition: leaves existing users, and sets the same identities.
use role useradmin;
{%- for function, role_arn in [['load', settings.load_role_arn], ['publish', settings.publish_role_arn]] %}

create user if not exists {{ 'snowline_' ~ function ~ '_function' }}
    type = service
    default_role = {{ 'snowline_' ~ function }}
    default_warehouse = {{ settings.warehouse }}
    default_secondary_roles = ()
    comment = {{ literal('Snowline: function ' ~ function) }};

alter user {{ 'snowline_' ~ function ~ '_function' }} set workload_identity = (
    type = aws
    arn = {{ literal(role_arn) }}
    issuer = {{ literal(settings.identity_issuer) }}
);

grant role {{ 'snowline_' ~ function }} to user {{ 'snowline_' ~ function ~ '_function' }};

grant role snowline_schema to user {{ 'snowline_' ~ function ~ '_function' }};
{%- endfor %}

-- Hands the tables of rows to the role that adds columns to them: Snowflake lets nobody but the
-- owner do so. What was granted on them stays.
-- Repetition: changes nothing.
grant usage on warehouse {{ settings.warehouse }} to role snowline_schema;

grant usage on database {{ settings.database }} to role snowline_schema;

grant usage on schema staging to role snowline_schema;

grant usage on schema analytics to role snowline_schema;

grant ownership on table staging.{{ tables.rows }} to role snowline_schema copy current grants;
{%- for aggregate in aggregates %}

grant ownership on table staging.{{ aggregate.name }} to role snowline_schema copy current grants;
{%- endfor %}

grant ownership on table analytics.{{ tables.analytics }} to role snowline_schema copy current grants;

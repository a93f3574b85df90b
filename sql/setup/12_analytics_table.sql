{%- from 'macros/columns.sql' import definitions -%}
-- Creates the table readers query.
-- Grain: one row a live merge key, its newest version. Snowflake does not enforce the primary
-- key: the merge does, and the checks verify it.
-- Repetition: leaves an existing table and its rows as they are.
use role sysadmin;

use database {{ settings.database }};

create table if not exists analytics.{{ tables.analytics }} (
    {{ definitions(columns, 'analytics_type') | indent(4) }}
    _merged_at timestamp_ntz(6) not null comment 'when this version was merged, UTC',
    primary key (
        {%- for column in dataset.dedupe.key %}{{ column }}{% if not loop.last %}, {% endif %}{% endfor -%}
    )
);

{%- from 'macros/columns.sql' import definitions -%}
-- Creates the tables COPY fills. A column that a file lacks would be null without notice, so
-- whatever the contract requires is not null here.
-- Grain: {{ tables.rows }}: one row an accepted record; aggregates: one row a landing object and group.
-- Repetition: leaves existing tables and their rows as they are.
use role sysadmin;

use database {{ settings.database }};

create table if not exists staging.{{ tables.rows }} (
    {{ definitions(columns, 'type') | indent(4) }}
    _loaded_at timestamp_ntz(6) not null comment 'when COPY began to read the file, UTC'
);
{%- for aggregate in aggregates %}

create table if not exists staging.{{ aggregate.name }} (
    {{ definitions(aggregate.columns, 'type') | indent(4) }}
    _loaded_at timestamp_ntz(6) not null comment 'when COPY began to read the file, UTC'
);
{%- endfor %}

{%- from 'macros/versions.sql' import arrived_rows, newer, same_key -%}
-- Shows analytics as the next merge would leave it: merged rows and those that still wait.
-- Grain: one row a live merge key. _merged_at is null for a row that waits.
-- Repetition: replaces the view.
create or replace view analytics.{{ tables.live }}
copy grants
as
with arrived as (
    {{ arrived_rows(dataset, tables, columns, version_order) | indent(4) }}
)

select
    {%- for column in columns %}
    merged.{{ column.name }},
    {%- endfor %}
    merged._merged_at
from analytics.{{ tables.analytics }} as merged
left join arrived
    on
        {{ same_key('merged', 'arrived', dataset.dedupe.key) | indent(8) }}
        and not {{ newer('merged', 'arrived', version_order) | indent(8) }}
where arrived._landed_at is null
union all
select
    {%- for column in columns %}
    arrived.{{ column.name }},
    {%- endfor %}
    null as _merged_at
from arrived
left join analytics.{{ tables.analytics }} as merged
    on
        {{ same_key('arrived', 'merged', dataset.dedupe.key) | indent(8) }}
        and {{ newer('merged', 'arrived', version_order) | indent(8) }}
where
    merged._landed_at is null
    {%- if dataset.operation %}
    and coalesce(arrived.{{ dataset.operation }}, 'I') <> 'D'
    {%- endif %}

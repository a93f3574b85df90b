{%- from 'macros/versions.sql' import arrived_rows, newer, same_key -%}
-- Applies what arrived in staging since the last merge to analytics.
-- Grain: one row a live merge key, its newest version; a row older than the one in place, or than
-- a delete already seen, changes nothing.
-- Repetition: the stream advances with this statement, so each arrival is applied exactly once.
merge into analytics.{{ tables.analytics }} as target
using (
    {{ arrived_rows(dataset, tables, columns, version_order) | indent(4) }}
) as source
    on
        {{ same_key('target', 'source', dataset.dedupe.key) | indent(8) }}
{%- if dataset.operation %}
when matched
and source.{{ dataset.operation }} = 'D'
and not {{ newer('target', 'source', version_order) }}
then delete
{%- endif %}
when matched
and not {{ newer('target', 'source', version_order) }}
then
    update set
        {%- for column in columns if column.name not in dataset.dedupe.key %}
        {{ column.name }} = source.{{ column.name }},
        {%- endfor %}
        _merged_at = sysdate()
when not matched
{%- if dataset.operation %}
and coalesce(source.{{ dataset.operation }}, 'I') <> 'D'
{%- endif %}
then insert (
    {%- for column in columns %}
    {{ column.name }},
    {%- endfor %}
    _merged_at
) values (
    {%- for column in columns %}
    source.{{ column.name }},
    {%- endfor %}
    sysdate()
)

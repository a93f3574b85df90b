-- Lists the rows that are older than the contract lets them be kept.
-- Grain: one row a failing row.
-- Repetition: reads only.
select
    {%- for column in dataset.dedupe.key %}
    {{ column }},
    {%- endfor %}
    {%- if dataset.retention.column not in dataset.dedupe.key %}
    {{ dataset.retention.column }},
    {%- endif %}
    _source_object,
    _source_line
from analytics.{{ tables.analytics }}
{%- set kept = dataset.retention %}
{%- for column in columns if column.name == kept.column %}
{#- The day that a date names is over before it counts as older. #}
{%- if column.type == 'date' %}
where {{ column.name }} < dateadd({{ kept.unit }}, -{{ kept.amount }}, cast(sysdate() as date))
{%- else %}
where {{ column.name }} < dateadd({{ kept.unit }}, -{{ kept.amount }}, sysdate())
{%- endif %}
{%- endfor %}

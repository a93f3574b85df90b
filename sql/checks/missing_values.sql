-- Lists the rows in which a column is null or holds a value that stands for missing.
-- Grain: one row a failing row.
-- Repetition: reads only.
select
    {%- for column in dataset.dedupe.key %}
    {{ column }},
    {%- endfor %}
    {%- if metric.column not in dataset.dedupe.key %}
    {{ metric.column }},
    {%- endif %}
    _source_object,
    _source_line
from analytics.{{ tables.analytics }}
where
    {{ metric.column }} is null
    {%- for value in metric['values'] %}
    or {{ metric.column }} = {{ literal(value) }}
    {%- endfor %}

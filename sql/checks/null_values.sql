-- Lists the rows in which a column is null.
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
where {{ metric.column }} is null

-- Lists the rows in which a column holds none of its valid values; null is valid.
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
where {{ metric.column }} not in (
    {%- for value in metric.valid_values %}
    {{ literal(value) }}{% if not loop.last %},{% endif %}
    {%- endfor %}
)

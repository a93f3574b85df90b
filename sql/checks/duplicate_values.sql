-- Lists the rows beyond the first of each combination of values.
-- Grain: one row a superfluous row.
-- Repetition: reads only.
select
    {%- for column in dataset.dedupe.key %}
    {{ column }},
    {%- endfor %}
    {%- for column in metric.columns if column not in dataset.dedupe.key %}
    {{ column }},
    {%- endfor %}
    _source_object,
    _source_line
from analytics.{{ tables.analytics }}
qualify row_number() over (
    partition by {% for column in metric.columns %}{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    order by _source_object, _source_line
) > 1

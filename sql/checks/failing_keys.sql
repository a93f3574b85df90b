{%- from 'macros/columns.sql' import as_text -%}
-- Samples the merge keys of the rows that make a check fail, those of the most rows first.
-- Grain: one row a key, at most 5; the key's columns are text.
-- Repetition: reads only.
select
    {%- for column in columns if column.name in dataset.dedupe.key %}
    {{ as_text(column) }} as {{ column.name }},
    {%- endfor %}
    count(*) as failing_rows
from (
    {{ rows | indent(4) }}
) as failing
group by {% for column in dataset.dedupe.key %}{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
order by failing_rows desc{% for column in dataset.dedupe.key %}, {{ column }} asc{% endfor %}
limit 5

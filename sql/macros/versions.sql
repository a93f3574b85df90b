{#
  Which of two versions of a row is the newer one: the contract's order, then where it landed.
  The columns of the order are never null, so a comparison is always true or false.
#}
{%- macro newer(left, right, version_order) -%}
(
    {{ left }}.{{ version_order[0] }} > {{ right }}.{{ version_order[0] }}
    {%- for column in version_order[1:] %}
    or (
        {%- for equal in version_order[:loop.index] %}
        {% if not loop.first %}and {% endif %}{{ left }}.{{ equal }} = {{ right }}.{{ equal }}
        {%- endfor %}
        and {{ left }}.{{ column }} > {{ right }}.{{ column }}
    )
    {%- endfor %}
)
{%- endmacro -%}

{# Equality of two rows' merge keys. #}
{%- macro same_key(left, right, key) -%}
{%- for column in key -%}
{%- if not loop.first %}
and {% endif -%}
{{ left }}.{{ column }} = {{ right }}.{{ column }}
{%- endfor -%}
{%- endmacro -%}

{#
  The JSON text of a column as a variant. Of a repeated name the last value counts. Text that cannot
  be parsed stays a text, so that one value neither fails the merge nor turns null.
#}
{%- macro variant(relation, column) -%}
coalesce(try_parse_json({{ relation }}.{{ column }}, 'd'), to_variant({{ relation }}.{{ column }}))
{%- endmacro -%}

{#
  The newest version of each key among the rows that arrived since the last merge. Left out is a
  key whose newer delete staging already holds: a late row must not bring a deleted one back.
  Columns have the types of analytics.
#}
{%- macro arrived_rows(dataset, tables, columns, version_order) -%}
{%- if columns | selectattr('is_json') | list %}
select
    {%- for column in columns if not column.is_json %}
    newest.{{ column.name }},
    {%- endfor %}
    {%- for column in columns if column.is_json %}
    {{ variant('newest', column.name) }} as {{ column.name }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- else %}
select newest.*
{%- endif %}
from (
    select
        {%- for column in columns %}
        {{ column.name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from staging.{{ tables.stream }}
    qualify row_number() over (
        partition by
            {%- for column in dataset.dedupe.key %}
            {{ column }}{% if not loop.last %},{% endif %}
            {%- endfor %}
        order by
            {%- for column in version_order %}
            {{ column }} desc,
            {%- endfor %}
            _loaded_at desc
    ) = 1
) as newest
{%- if dataset.operation %}
left join staging.{{ tables.rows }} as deleted
    on
        {{ same_key('newest', 'deleted', dataset.dedupe.key) | indent(8) }}
        and deleted.{{ dataset.operation }} = 'D'
        and {{ newer('deleted', 'newest', version_order) | indent(8) }}
where deleted._landed_at is null
{%- endif %}
{%- endmacro -%}

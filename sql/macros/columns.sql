{# The columns of a table as its definition lists them, each line ended by a comma. #}
{%- macro definitions(columns) -%}
{%- for column in columns -%}
{{ column.name }} {{ column.type }}
{%- if not column.nullable %} not null{% endif %}
{%- if column.comment %} comment {{ literal(column.comment) }}{% endif %},
{% endfor -%}
{%- endmacro -%}

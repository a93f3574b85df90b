{# The columns of a table as its definition lists them, each line ended by a comma. #}
{%- macro definitions(columns) -%}
{%- for column in columns -%}
{{ column.name }} {{ column.type }}
{%- if not column.nullable %} not null{% endif %}
{%- if column.comment %} comment {{ literal(column.comment) }}{% endif %},
{% endfor -%}
{%- endmacro -%}

{# A column as text that keeps every digit. #}
{%- macro as_text(column) -%}
{%- if column.type == 'timestamp_ntz(6)' -%}
to_varchar({{ column.name }}, 'YYYY-MM-DD HH24:MI:SS.FF6')
{%- else -%}
to_varchar({{ column.name }})
{%- endif -%}
{%- endmacro -%}

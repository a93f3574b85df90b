{#
  The columns of a table as its definition lists them, each line ended by a comma. `type` names the
  attribute that has their types: `type` in staging, `analytics_type` in analytics.
#}
{%- macro definitions(columns, type) -%}
{%- for column in columns -%}
{{ column.name }} {{ column[type] }}
{%- if not column.nullable %} not null{% endif %}
{%- if column.comment %} comment {{ literal(column.comment) }}{% endif %},
{% endfor -%}
{%- endmacro -%}

{# A column as text that keeps every digit. #}
{%- macro as_text(column) -%}
{%- if column.type == 'timestamp_ntz(6)' -%}
to_varchar({{ column.name }}, 'YYYY-MM-DD HH24:MI:SS.FF6')
{%- elif column.type == 'time(6)' -%}
to_varchar({{ column.name }}, 'HH24:MI:SS.FF6')
{%- else -%}
to_varchar({{ column.name }})
{%- endif -%}
{%- endmacro -%}

{# A statement a column that is to be added. #}
{%- macro add_columns(additions) -%}
{%- for addition in additions -%}
alter table {{ addition.schema }}.{{ addition.table }}
add column if not exists {{ addition.column.name }}
{%- if addition.schema == 'analytics' %} {{ addition.column.analytics_type }}
{%- else %} {{ addition.column.type }}
{%- endif %}
{%- if addition.column.comment %} comment {{ literal(addition.column.comment) }}{% endif %};
{%- if not loop.last %}

{% endif -%}
{%- endfor -%}
{%- endmacro -%}

{# The columns have the values that are bound, in their order. A cast of text would cut what is too long. #}
{%- macro equal_to_bound(names, columns) -%}
{%- for name in names -%}
{%- set first = loop.first %}
{%- for column in columns if column.name == name -%}
{%- if not first %}
and {% endif -%}
{{ name }} = {% if column.type is startingwith 'varchar' -%}
?
{%- else -%}
cast(? as {{ column.type }})
{%- endif %}
{%- endfor %}
{%- endfor %}
{%- endmacro -%}

{# The rows of these lines of these landing objects. #}
{%- macro of_lines(objects) -%}
{%- for object in objects -%}
{%- if not loop.first %}
or {% endif -%}
(
    _source_object = {{ literal(object.source_object) }}
    and _landed_at = cast({{ literal(object.landed_at) }} as timestamp_ntz(6))
    and _source_line in ({% for line in object.lines %}{{ line }}{% if not loop.last %}, {% endif %}{% endfor %})
)
{%- endfor %}
{%- endmacro -%}

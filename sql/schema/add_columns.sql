-- Adds columns that the contract has gained; they are null in the rows that are there. Analytics
-- comes before staging, so that a repetition after a failure still finds something missing.
-- Repetition: leaves columns that exist as they are.
{%- for addition in additions %}
alter table {{ addition.schema }}.{{ addition.table }}
add column if not exists {{ addition.column.name }} {{ addition.column.type }}
{%- if addition.column.comment %} comment {{ literal(addition.column.comment) }}{% endif %};
{%- if not loop.last %}
{% endif %}
{%- endfor %}

{%- from 'macros/erase.sql' import equal_to_bound -%}
-- Deletes the rows of analytics that match.
-- Repetition: deletes nothing more.
delete from analytics.{{ tables.analytics }}
where
    {{ equal_to_bound(erased_columns, columns) | indent(4) }}

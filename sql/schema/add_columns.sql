{%- from 'macros/columns.sql' import add_columns -%}
-- Adds columns that the contract has gained; they are null in the rows that are there. Analytics
-- comes before staging, so that a repetition after a failure still finds something missing.
-- Repetition: leaves columns that exist as they are.
{{ add_columns(additions) }}

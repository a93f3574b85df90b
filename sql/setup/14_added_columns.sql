{%- from 'macros/columns.sql' import add_columns -%}
-- Adds the columns that the contract has gained since the tables were made, which the views show.
-- Repetition: leaves columns that exist as they are.
use role sysadmin;

use database {{ settings.database }};

{{ add_columns(additions) }}

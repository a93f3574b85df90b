-- Loads files of accepted rows into staging.
-- Grain: one row an accepted record of a landing object.
-- Repetition: a file already loaded with the same bytes is skipped; a bad file is left out whole.
copy into staging.{{ tables.rows }}
from @ops.lake/
files = (
    {%- for file in files %}
    {{ literal(file) }}{% if not loop.last %},{% endif %}
    {%- endfor %}
)
file_format = (format_name = 'ops.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (_loaded_at = metadata$start_scan_time)
on_error = skip_file

-- Loads files of aggregates into staging.
-- Grain: one row a landing object and group.
-- Repetition: a file already loaded with the same bytes is skipped; a bad file is left out whole.
copy into staging.{{ table }}
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

-- Loads ledger entries: what the transform made of each landing object.
-- Grain: one row an entry; an object transformed again (another contract) has several.
-- Repetition: a file already loaded with the same bytes is skipped; a bad file is left out whole.
copy into ops.ledger
from @ops.lake/
files = (
    {%- for file in files %}
    {{ literal(file) }}{% if not loop.last %},{% endif %}
    {%- endfor %}
)
file_format = (format_name = 'ops.json_files')
match_by_column_name = case_insensitive
include_metadata = (_loaded_at = metadata$start_scan_time)
on_error = skip_file

-- Loads ledger entries: what the transform made of each landing object.
-- Grain: one row an entry; an object transformed again (another contract) has several.
-- Repetition: a file already loaded with the same bytes is skipped; a bad file is left out whole.
copy into ops.ledger
from @ops.lake/
files = (
    'processed/year=2026/month=11/day=22/final_0123456789abcdef.parquet',
    'processed/it''s a \\ key.parquet'
)
file_format = (format_name = 'ops.json_files')
match_by_column_name = case_insensitive
include_metadata = (_loaded_at = metadata$start_scan_time)
on_error = skip_file;

-- Loads files of aggregates into staging.
-- Grain: one row a landing object and group.
-- Repetition: a file already loaded with the same bytes is skipped; a bad file is left out whole.
copy into staging.rides_hourly
from @ops.lake/
files = (
    'processed/year=2026/month=11/day=22/final_0123456789abcdef.parquet',
    'processed/it''s a \\ key.parquet'
)
file_format = (format_name = 'ops.parquet_files')
match_by_column_name = case_insensitive
include_metadata = (_loaded_at = metadata$start_scan_time)
on_error = skip_file;

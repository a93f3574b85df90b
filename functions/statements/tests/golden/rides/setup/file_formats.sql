-- Creates the formats of the files COPY reads. Without use_logical_type and
-- use_vectorized_scanner, timestamps come out wrong.
-- Repetition: leaves existing formats as they are.
use role sysadmin;

use database snowline;

create file format if not exists ops.parquet_files
    type = parquet
    use_logical_type = true
    use_vectorized_scanner = true
    binary_as_text = false
    replace_invalid_characters = false
    null_if = ();

create file format if not exists ops.json_files
    type = json
    compression = none
    replace_invalid_characters = false;

-- Names the lake, so that statements can say @ops.lake/<key>.
-- Repetition: leaves an existing stage as it is.
use role sysadmin;

use database snowline;

create stage if not exists ops.lake
    url = 's3://example-lake/'
    storage_integration = snowline_lake;

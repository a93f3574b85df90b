-- Names the lake, so that statements can say @ops.lake/<key>.
-- Repetition: leaves an existing stage as it is.
use role sysadmin;

use database {{ settings.database }};

create stage if not exists ops.lake
    url = {{ literal('s3://' ~ settings.bucket ~ '/') }}
    storage_integration = {{ settings.database ~ '_lake' }};

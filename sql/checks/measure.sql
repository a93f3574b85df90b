-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed {{ passed_unmeasured }}, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value {{ must }}, {{ passed_unmeasured }}) as passed
from (
    {{ measure | indent(4) }}
) as measured

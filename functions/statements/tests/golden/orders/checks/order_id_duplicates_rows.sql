-- Lists the rows beyond the first of each combination of values.
-- Grain: one row a superfluous row.
-- Repetition: reads only.
select
    order_id,
    _source_object,
    _source_line
from analytics.processed_orders
qualify row_number() over (
    partition by order_id
    order by _source_object, _source_line
) > 1;

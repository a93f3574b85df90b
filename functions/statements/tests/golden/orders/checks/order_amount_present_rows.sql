-- Lists the rows in which a column is null.
-- Grain: one row a failing row.
-- Repetition: reads only.
select
    order_id,
    order_amount,
    _source_object,
    _source_line
from analytics.processed_orders
where order_amount is null;

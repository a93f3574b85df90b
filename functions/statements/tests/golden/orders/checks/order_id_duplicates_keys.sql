-- Samples the merge keys of the rows that make a check fail, those of the most rows first.
-- Grain: one row a key, at most 5; the key's columns are text.
-- Repetition: reads only.
select
    to_varchar(order_id) as order_id,
    count(*) as failing_rows
from (
    select
        order_id,
        _source_object,
        _source_line
    from analytics.processed_orders
    qualify row_number() over (
        partition by order_id
        order by _source_object, _source_line
    ) > 1
) as failing
group by order_id
order by failing_rows desc, order_id asc
limit 5;

-- Deletes the rows of analytics that match.
-- Repetition: deletes nothing more.
delete from analytics.processed_orders
where
    order_id = ?;

-- Deletes the rows of analytics that match.
-- Repetition: deletes nothing more.
delete from analytics.processed_readings
where
    sensor = ?
    and measured_at = cast(? as timestamp_ntz(6))
    and due_at = cast(? as time(6));

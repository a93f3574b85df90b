-- Deletes the rows of analytics that match.
-- Repetition: deletes nothing more.
delete from analytics.processed_rides
where
    city = ?
    and ride_number = cast(? as number(19, 0));

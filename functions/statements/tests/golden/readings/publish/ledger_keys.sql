-- Lists the landing objects the ledger knows, to be held against what lies in landing.
-- Grain: one row a key and eTag, in the order of keys from a first one on, at most 50000.
-- Looks back 8 days.
-- Repetition: reads only.
select distinct
    key,
    etag
from ops.ledger
where
    dataset = 'readings'
    and key >= 'landing/'
    and landed_at >= dateadd(day, -8, sysdate())
order by key, etag
limit 50000;

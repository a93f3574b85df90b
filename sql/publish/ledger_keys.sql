-- Lists the landing objects the ledger knows, to be held against what lies in landing.
-- Grain: one row a key and eTag, in the order of keys from a first one on, at most {{ limit }}.
-- Looks back {{ days }} days.
-- Repetition: reads only.
select distinct
    key,
    etag
from ops.ledger
where
    dataset = {{ literal(dataset.name) }}
    and key >= {{ literal(first_key) }}
    and landed_at >= dateadd(day, -{{ days }}, sysdate())
order by key, etag
limit {{ limit }}

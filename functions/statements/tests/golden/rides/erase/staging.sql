-- Deletes rows of staging by their lines, which names nobody, notes how many went of each object,
-- so that the audit expects that many fewer, and forgets samples of their keys in check results.
-- All of it or nothing; until it has happened, staging says which files are concerned.
-- Repetition: deletes and notes nothing more.
begin transaction;

insert into ops.erasures (
    erasure_id,
    dataset,
    source_object,
    contract_version,
    rows_erased,
    erased_at
)
select
    '00000000-0000-0000-0000-000000000000' as erasure_id,
    'rides' as dataset,
    _source_object,
    _contract_version,
    count(*) as rows_erased,
    sysdate() as erased_at
from staging.rides
where
    (
        _source_object = 's3://example-lake/landing/year=2026/month=11/day=22/hour=09/orders'
        and _landed_at = cast('2026-11-22 09:00:00.000000' as timestamp_ntz(6))
        and _source_line in (1, 2)
    )
group by _source_object, _contract_version;

update ops.check_results
set failing_keys = null
from (
    select
        to_varchar(city) as city_text,
        to_varchar(ride_number) as ride_number_text,
        count(*) as rows_erased
    from staging.rides
    where
        (
            _source_object = 's3://example-lake/landing/year=2026/month=11/day=22/hour=09/orders'
            and _landed_at = cast('2026-11-22 09:00:00.000000' as timestamp_ntz(6))
            and _source_line in (1, 2)
        )
    group by city, ride_number
) as erased
where
    check_results.failing_keys is not null
    and contains(to_json(check_results.failing_keys), to_json(to_variant(erased.city_text)))
    and contains(to_json(check_results.failing_keys), to_json(to_variant(erased.ride_number_text)))
    and check_results.dataset = 'rides';

delete from staging.rides
where
    (
        _source_object = 's3://example-lake/landing/year=2026/month=11/day=22/hour=09/orders'
        and _landed_at = cast('2026-11-22 09:00:00.000000' as timestamp_ntz(6))
        and _source_line in (1, 2)
    );

commit;

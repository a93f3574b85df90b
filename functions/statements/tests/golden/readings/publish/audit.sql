-- Reconciles the ledger with staging: every accepted row of an object is loaded, once.
-- Grain: first the totals (source_object is null), then a row a mismatching object and contract
-- version, at most 100. Looks back seven days, as long as landing keeps the object to repair from.
-- Repetition: reads only. An entry loaded twice counts once.
with expected as (
    select
        contract_version,
        's3://' || bucket || '/' || key as source_object,
        sum(rows_accepted) as rows_accepted,
        max(_loaded_at) as known_at
    from (
        select
            id,
            contract_version,
            bucket,
            key,
            rows_accepted,
            _loaded_at
        from ops.ledger
        where
            dataset = 'readings'
            and landed_at >= dateadd(day, -7, sysdate())
        qualify row_number() over (
            partition by id, contract_version
            order by _loaded_at desc
        ) = 1
    ) as entries
    group by contract_version, source_object
),

loaded as (
    select
        _contract_version as contract_version,
        _source_object as source_object,
        count(*) as rows_loaded,
        max(_loaded_at) as known_at
    from staging.readings
    where _landed_at >= dateadd(day, -7, sysdate())
    group by _contract_version, _source_object
),

compared as (
    select
        coalesce(expected.source_object, loaded.source_object) as source_object,
        coalesce(expected.contract_version, loaded.contract_version) as contract_version,
        coalesce(expected.rows_accepted, 0) as rows_accepted,
        coalesce(loaded.rows_loaded, 0) as rows_loaded,
        case
            when expected.rows_accepted = coalesce(loaded.rows_loaded, 0) then 'equal'
            when
                (expected.source_object is null or loaded.source_object is null)
                and coalesce(expected.known_at, loaded.known_at)
                > dateadd(minute, -60, sysdate())
                then 'pending'
            else 'mismatch'
        end as outcome
    from expected
    full outer join loaded
        on
            expected.source_object = loaded.source_object
            and expected.contract_version = loaded.contract_version
),

findings as (
    select
        source_object,
        contract_version,
        rows_accepted,
        rows_loaded
    from compared
    where outcome = 'mismatch'
    order by source_object, contract_version
    limit 100
)

select
    null as source_object,
    null as contract_version,
    count(*) as objects,
    count(case when outcome = 'mismatch' then 1 end) as mismatches,
    count(case when outcome = 'pending' then 1 end) as pending,
    coalesce(sum(rows_accepted), 0) as rows_accepted,
    coalesce(sum(rows_loaded), 0) as rows_loaded
from compared
union all
select
    source_object,
    contract_version,
    1 as objects,
    1 as mismatches,
    0 as pending,
    rows_accepted,
    rows_loaded
from findings
order by source_object nulls first, contract_version;

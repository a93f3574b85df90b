{%- from 'macros/erase.sql' import equal_to_bound -%}
-- Lists the ledger entries that an erasure has to do with: of every landing object with rows that
-- match, or with rejects that were found to, and of every object that staging does not hold whole.
-- Grain: one row a ledger entry, the newest of an object and contract version. Looks back ninety
-- days for objects that are not whole, as long as processed/ keeps files.
-- Repetition: reads only, and leaves the stream where it is.
with entries as (
    select
        id,
        contract_version,
        landed_at,
        key,
        rows_accepted,
        outputs,
        _loaded_at,
        's3://' || bucket || '/' || key as source_object
    from ops.ledger
    where dataset = {{ literal(dataset.name) }}
    qualify row_number() over (
        partition by id, contract_version
        order by _loaded_at desc
    ) = 1
),

erased as (
    select
        source_object,
        sum(rows_erased) as rows_erased
    from ops.erasures
    where dataset = {{ literal(dataset.name) }}
    group by source_object
),

expected as (
    select
        entries.source_object,
        sum(entries.rows_accepted) - coalesce(max(erased.rows_erased), 0) as rows_expected,
        max(entries._loaded_at) as known_at,
        max(entries.landed_at) as landed_at,
        count_if(
            {% if ids -%}
            entries.id in ({% for id in ids %}{{ literal(id) }}{% if not loop.last %}, {% endif %}{% endfor %})
            {%- else -%}
            false
            {%- endif %}
        ) as entries_named
    from entries
    left join erased
        on entries.source_object = erased.source_object
    group by entries.source_object
),

loaded as (
    select
        _source_object as source_object,
        count(*) as rows_found,
        max(_loaded_at) as loaded_at,
        count_if(
            {{ equal_to_bound(erased_columns, columns) | indent(12) }}
        ) as rows_matching
    from staging.{{ tables.rows }}
    group by _source_object
),

waiting as (
    select distinct _source_object as source_object
    from staging.{{ tables.stream }}
),

objects as (
    select
        expected.source_object,
        expected.rows_expected,
        coalesce(loaded.rows_found, 0) as rows_found,
        expected.rows_expected = coalesce(loaded.rows_found, 0) as is_whole,
        waiting.source_object is not null as is_waiting,
        coalesce(greatest(loaded.loaded_at, expected.known_at), expected.known_at)
        > dateadd(minute, -{{ wait_minutes }}, sysdate()) as is_recent,
        coalesce(loaded.rows_matching, 0) > 0 or expected.entries_named > 0 as is_concerned,
        expected.landed_at >= dateadd(day, -90, sysdate()) as has_files
    from expected
    left join loaded
        on expected.source_object = loaded.source_object
    left join waiting
        on expected.source_object = waiting.source_object
)

select
    entries.id,
    objects.source_object,
    entries.key,
    entries.outputs,
    objects.rows_expected,
    objects.rows_found,
    objects.is_whole,
    objects.is_waiting,
    objects.is_recent,
    objects.is_concerned,
    to_varchar(entries.landed_at, 'YYYY-MM-DD HH24:MI:SS.FF6') as landed_at
from entries
inner join objects
    on entries.source_object = objects.source_object
where
    objects.is_concerned
    or (objects.has_files and not objects.is_whole)
order by objects.source_object, entries.id, entries.contract_version

-- Reconciles the ledger with staging: every row an object's entry counts is loaded, once, into the
-- table of rows, unless it was erased since, and into each aggregate.
-- Grain: first the totals (finding is null), then a row an object, contract version and table that
-- differ, at most {{ listed }} of each kind. Looks back seven days, as long as landing keeps the
-- object to repair from.
-- Repetition: reads only. An entry loaded twice counts once.
with entries as (
    select
        id,
        contract_version,
        rows_accepted,
        outputs,
        _loaded_at,
        's3://' || bucket || '/' || key as source_object
    from ops.ledger
    where
        dataset = {{ literal(dataset.name) }}
        and landed_at >= dateadd(day, -7, sysdate())
    qualify row_number() over (
        partition by id, contract_version
        order by _loaded_at desc
    ) = 1
),
{%- if aggregates %}

outputs as (
    select
        entries.id,
        entries.contract_version,
        output.value['table']::varchar as table_name,
        output.value['rows']::number(19, 0) as rows_written
    from entries, lateral flatten(input => entries.outputs) as output
),
{%- endif %}

erased as (
    select
        source_object,
        contract_version,
        sum(rows_erased) as rows_erased
    from ops.erasures
    where dataset = {{ literal(dataset.name) }}
    group by source_object, contract_version
),

expected as (
    select
        {{ literal(tables.rows) }} as table_name,
        entries.source_object,
        entries.contract_version,
        sum(entries.rows_accepted) - coalesce(max(erased.rows_erased), 0) as rows_expected,
        max(entries._loaded_at) as known_at
    from entries
    left join erased
        on
            entries.source_object = erased.source_object
            and entries.contract_version = erased.contract_version
    group by entries.source_object, entries.contract_version
    {%- for aggregate in aggregates %}
    union all
    select
        {{ literal(aggregate.name) }} as table_name,
        entries.source_object,
        entries.contract_version,
        coalesce(sum(outputs.rows_written), 0) as rows_expected,
        max(entries._loaded_at) as known_at
    from entries
    left join outputs
        on
            entries.id = outputs.id
            and entries.contract_version = outputs.contract_version
            and outputs.table_name = {{ literal(aggregate.name) }}
    group by entries.source_object, entries.contract_version
    {%- endfor %}
),

loaded as (
    select
        {{ literal(tables.rows) }} as table_name,
        _source_object as source_object,
        _contract_version as contract_version,
        count(*) as rows_found,
        max(_loaded_at) as known_at
    from staging.{{ tables.rows }}
    where _landed_at >= dateadd(day, -7, sysdate())
    group by _source_object, _contract_version
    {%- for aggregate in aggregates %}
    union all
    select
        {{ literal(aggregate.name) }} as table_name,
        _source_object as source_object,
        _contract_version as contract_version,
        count(*) as rows_found,
        max(_loaded_at) as known_at
    from staging.{{ aggregate.name }}
    where _landed_at >= dateadd(day, -7, sysdate())
    group by _source_object, _contract_version
    {%- endfor %}
),

compared as (
    select
        coalesce(expected.table_name, loaded.table_name) as table_name,
        coalesce(expected.source_object, loaded.source_object) as source_object,
        coalesce(expected.contract_version, loaded.contract_version) as contract_version,
        coalesce(expected.rows_expected, 0) as rows_expected,
        coalesce(loaded.rows_found, 0) as rows_found,
        case
            when expected.rows_expected = coalesce(loaded.rows_found, 0) then 'equal'
            when
                (expected.table_name is null or loaded.table_name is null)
                and coalesce(expected.known_at, loaded.known_at)
                > dateadd(minute, -{{ grace_minutes }}, sysdate())
                then 'pending'
            when expected.table_name is null then 'no_ledger_entry'
            when expected.rows_expected > coalesce(loaded.rows_found, 0) then 'rows_missing'
            else 'rows_superfluous'
        end as outcome
    from expected
    full outer join loaded
        on
            expected.table_name = loaded.table_name
            and expected.source_object = loaded.source_object
            and expected.contract_version = loaded.contract_version
),

findings as (
    select
        outcome as finding,
        source_object,
        contract_version,
        table_name,
        rows_expected,
        rows_found
    from compared
    where outcome not in ('equal', 'pending')
    qualify row_number() over (
        partition by outcome
        order by source_object, table_name, contract_version
    ) <= {{ listed }}
)

select
    null as finding,
    null as source_object,
    null as contract_version,
    null as table_name,
    coalesce(sum(case when table_name = {{ literal(tables.rows) }} then rows_expected end), 0) as rows_expected,
    coalesce(sum(case when table_name = {{ literal(tables.rows) }} then rows_found end), 0) as rows_found,
    count(case when table_name = {{ literal(tables.rows) }} then 1 end) as objects,
    count(distinct case when outcome = 'pending' then source_object end) as pending,
    count(case when outcome = 'rows_missing' then 1 end) as rows_missing,
    count(case when outcome = 'rows_superfluous' then 1 end) as rows_superfluous,
    count(case when outcome = 'no_ledger_entry' then 1 end) as no_ledger_entry
from compared
union all
select
    finding,
    source_object,
    contract_version,
    table_name,
    rows_expected,
    rows_found,
    null as objects,
    null as pending,
    null as rows_missing,
    null as rows_superfluous,
    null as no_ledger_entry
from findings
order by finding nulls first, source_object, table_name, contract_version

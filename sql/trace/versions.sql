{%- from 'macros/versions.sql' import same_key -%}
-- Tells where every version of one merge key came from, and whether analytics has it.
-- Grain: one row a version, which is a row of staging, oldest first. merged_at is null unless it is
-- the version in analytics; the ledger's columns are null until its entry is loaded.
-- Repetition: reads only, and leaves the stream where it is.
with entries as (
    select
        contract_version,
        landed_at,
        bucket,
        key,
        version_id,
        etag,
        rows_read,
        rows_accepted,
        rows_rejected,
        outputs,
        's3://' || bucket || '/' || key as source_object
    from ops.ledger
    where dataset = {{ literal(dataset.name) }}
    qualify row_number() over (
        partition by bucket, key, contract_version, landed_at
        order by _loaded_at desc
    ) = 1
)

select
    staged._source_object,
    staged._source_line,
    staged._landed_at,
    staged._contract_version,
    staged._loaded_at,
    {%- if dataset.operation %}
    staged.{{ dataset.operation }} as operation,
    {%- else %}
    null as operation,
    {%- endif %}
    merged._merged_at as merged_at,
    entries.version_id,
    entries.etag,
    entries.rows_read,
    entries.rows_accepted,
    entries.rows_rejected,
    entries.outputs,
    arrived._source_line is not null as is_waiting
from staging.{{ tables.rows }} as staged
left join staging.{{ tables.stream }} as arrived
    on
        staged._source_object = arrived._source_object
        and staged._source_line = arrived._source_line
        and staged._landed_at = arrived._landed_at
        and staged._contract_version = arrived._contract_version
        and staged._loaded_at = arrived._loaded_at
left join analytics.{{ tables.analytics }} as merged
    on
        {{ same_key('staged', 'merged', dataset.dedupe.key) | indent(8) }}
        {%- for column in version_order %}
        and staged.{{ column }} = merged.{{ column }}
        {%- endfor %}
        and staged._contract_version = merged._contract_version
left join entries
    on
        staged._source_object = entries.source_object
        and staged._contract_version = entries.contract_version
        and staged._landed_at = entries.landed_at
where
    {%- for name in dataset.dedupe.key %}
    {%- set first = loop.first %}
    {%- for column in columns if column.name == name %}
    {#- A cast of text would cut what is too long, and find another row. #}
    {% if not first %}and {% endif %}staged.{{ name }} = {% if column.type is startingwith 'varchar' -%}
    ?
    {%- else -%}
    cast(? as {{ column.type }})
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
order by
    {%- for column in version_order %}
    staged.{{ column }},
    {%- endfor %}
    staged._loaded_at

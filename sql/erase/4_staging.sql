{%- from 'macros/columns.sql' import as_text -%}
{%- from 'macros/erase.sql' import of_lines -%}
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
    {{ literal(erasure_id) }} as erasure_id,
    {{ literal(dataset.name) }} as dataset,
    _source_object,
    _contract_version,
    count(*) as rows_erased,
    sysdate() as erased_at
from staging.{{ tables.rows }}
where
    {{ of_lines(objects) | indent(4) }}
group by _source_object, _contract_version;

update ops.check_results
set failing_keys = null
from (
    select
        {%- for column in columns if column.name in dataset.dedupe.key %}
        {{ as_text(column) }} as {{ column.name }}_text,
        {%- endfor %}
        count(*) as rows_erased
    from staging.{{ tables.rows }}
    where
        {{ of_lines(objects) | indent(8) }}
    group by {% for column in dataset.dedupe.key %}{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
) as erased
where
    check_results.failing_keys is not null
    {%- for column in columns if column.name in dataset.dedupe.key %}
    and contains(to_json(check_results.failing_keys), to_json(to_variant(erased.{{ column.name }}_text)))
    {%- endfor %}
    and check_results.dataset = {{ literal(dataset.name) }};

delete from staging.{{ tables.rows }}
where
    {{ of_lines(objects) | indent(4) }};

commit;

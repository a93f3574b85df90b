-- Takes the number that the contract's own query returns.
-- Grain: one row.
-- Repetition: reads only.
select (
    {{ query | indent(4) }}
) as value

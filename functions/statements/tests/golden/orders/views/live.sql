-- Shows analytics as the next merge would leave it: merged rows and those that still wait.
-- Grain: one row a live merge key. _merged_at is null for a row that waits.
-- Repetition: replaces the view.
create or replace view analytics.orders_live
copy grants
as
with arrived as (
    select newest.*
    from (
        select
            order_id,
            customer_id,
            order_timestamp,
            order_amount,
            currency,
            quantity,
            product_id,
            product_category,
            order_status,
            payment_method,
            shipping_country,
            op,
            order_date,
            order_hour,
            order_value_band,
            customer_email_hash,
            _extra,
            _source_object,
            _source_line,
            _landed_at,
            _contract_version,
            _source_region
        from staging.orders_stream
        qualify row_number() over (
            partition by
                order_id
            order by
                order_timestamp desc,
                _landed_at desc,
                _source_object desc,
                _source_line desc,
                _loaded_at desc
        ) = 1
    ) as newest
    left join staging.orders as deleted
        on
            newest.order_id = deleted.order_id
            and deleted.op = 'D'
            and (
                deleted.order_timestamp > newest.order_timestamp
                or (
                    deleted.order_timestamp = newest.order_timestamp
                    and deleted._landed_at > newest._landed_at
                )
                or (
                    deleted.order_timestamp = newest.order_timestamp
                    and deleted._landed_at = newest._landed_at
                    and deleted._source_object > newest._source_object
                )
                or (
                    deleted.order_timestamp = newest.order_timestamp
                    and deleted._landed_at = newest._landed_at
                    and deleted._source_object = newest._source_object
                    and deleted._source_line > newest._source_line
                )
            )
    where deleted._landed_at is null
)

select
    merged.order_id,
    merged.customer_id,
    merged.order_timestamp,
    merged.order_amount,
    merged.currency,
    merged.quantity,
    merged.product_id,
    merged.product_category,
    merged.order_status,
    merged.payment_method,
    merged.shipping_country,
    merged.op,
    merged.order_date,
    merged.order_hour,
    merged.order_value_band,
    merged.customer_email_hash,
    merged._extra,
    merged._source_object,
    merged._source_line,
    merged._landed_at,
    merged._contract_version,
    merged._source_region,
    merged._merged_at
from analytics.processed_orders as merged
left join arrived
    on
        merged.order_id = arrived.order_id
        and not (
            merged.order_timestamp > arrived.order_timestamp
            or (
                merged.order_timestamp = arrived.order_timestamp
                and merged._landed_at > arrived._landed_at
            )
            or (
                merged.order_timestamp = arrived.order_timestamp
                and merged._landed_at = arrived._landed_at
                and merged._source_object > arrived._source_object
            )
            or (
                merged.order_timestamp = arrived.order_timestamp
                and merged._landed_at = arrived._landed_at
                and merged._source_object = arrived._source_object
                and merged._source_line > arrived._source_line
            )
        )
where arrived._landed_at is null
union all
select
    arrived.order_id,
    arrived.customer_id,
    arrived.order_timestamp,
    arrived.order_amount,
    arrived.currency,
    arrived.quantity,
    arrived.product_id,
    arrived.product_category,
    arrived.order_status,
    arrived.payment_method,
    arrived.shipping_country,
    arrived.op,
    arrived.order_date,
    arrived.order_hour,
    arrived.order_value_band,
    arrived.customer_email_hash,
    arrived._extra,
    arrived._source_object,
    arrived._source_line,
    arrived._landed_at,
    arrived._contract_version,
    arrived._source_region,
    null as _merged_at
from arrived
left join analytics.processed_orders as merged
    on
        arrived.order_id = merged.order_id
        and (
            merged.order_timestamp > arrived.order_timestamp
            or (
                merged.order_timestamp = arrived.order_timestamp
                and merged._landed_at > arrived._landed_at
            )
            or (
                merged.order_timestamp = arrived.order_timestamp
                and merged._landed_at = arrived._landed_at
                and merged._source_object > arrived._source_object
            )
            or (
                merged.order_timestamp = arrived.order_timestamp
                and merged._landed_at = arrived._landed_at
                and merged._source_object = arrived._source_object
                and merged._source_line > arrived._source_line
            )
        )
where
    merged._landed_at is null
    and coalesce(arrived.op, 'I') <> 'D';

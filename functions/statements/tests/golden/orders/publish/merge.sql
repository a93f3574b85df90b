-- Applies what arrived in staging since the last merge to analytics.
-- Grain: one row a live merge key, its newest version; a row older than the one in place, or than
-- a delete already seen, changes nothing.
-- Repetition: the stream advances with this statement, so each arrival is applied exactly once.
merge into analytics.processed_orders as target
using (
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
) as source
    on
        target.order_id = source.order_id
when matched
and source.op = 'D'
and not (
    target.order_timestamp > source.order_timestamp
    or (
        target.order_timestamp = source.order_timestamp
        and target._landed_at > source._landed_at
    )
    or (
        target.order_timestamp = source.order_timestamp
        and target._landed_at = source._landed_at
        and target._source_object > source._source_object
    )
    or (
        target.order_timestamp = source.order_timestamp
        and target._landed_at = source._landed_at
        and target._source_object = source._source_object
        and target._source_line > source._source_line
    )
)
then delete
when matched
and not (
    target.order_timestamp > source.order_timestamp
    or (
        target.order_timestamp = source.order_timestamp
        and target._landed_at > source._landed_at
    )
    or (
        target.order_timestamp = source.order_timestamp
        and target._landed_at = source._landed_at
        and target._source_object > source._source_object
    )
    or (
        target.order_timestamp = source.order_timestamp
        and target._landed_at = source._landed_at
        and target._source_object = source._source_object
        and target._source_line > source._source_line
    )
)
then
    update set
        customer_id = source.customer_id,
        order_timestamp = source.order_timestamp,
        order_amount = source.order_amount,
        currency = source.currency,
        quantity = source.quantity,
        product_id = source.product_id,
        product_category = source.product_category,
        order_status = source.order_status,
        payment_method = source.payment_method,
        shipping_country = source.shipping_country,
        op = source.op,
        order_date = source.order_date,
        order_hour = source.order_hour,
        order_value_band = source.order_value_band,
        customer_email_hash = source.customer_email_hash,
        _extra = source._extra,
        _source_object = source._source_object,
        _source_line = source._source_line,
        _landed_at = source._landed_at,
        _contract_version = source._contract_version,
        _source_region = source._source_region,
        _merged_at = sysdate()
when not matched
and coalesce(source.op, 'I') <> 'D'
then insert (
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
    _source_region,
    _merged_at
) values (
    source.order_id,
    source.customer_id,
    source.order_timestamp,
    source.order_amount,
    source.currency,
    source.quantity,
    source.product_id,
    source.product_category,
    source.order_status,
    source.payment_method,
    source.shipping_country,
    source.op,
    source.order_date,
    source.order_hour,
    source.order_value_band,
    source.customer_email_hash,
    source._extra,
    source._source_object,
    source._source_line,
    source._landed_at,
    source._contract_version,
    source._source_region,
    sysdate()
);

-- Applies what arrived in staging since the last merge to analytics.
-- Grain: one row a live merge key, its newest version; a row older than the one in place, or than
-- a delete already seen, changes nothing.
-- Repetition: the stream advances with this statement, so each arrival is applied exactly once.
merge into analytics.processed_rides as target
using (
    select
        newest.city,
        newest.ride_number,
        newest.updated_at,
        newest.status,
        newest.vehicle,
        newest.rider_id,
        newest.distance_km,
        newest.fare,
        newest.tip,
        newest.currency,
        newest.booked_for,
        newest.rating,
        newest.ride_date,
        newest.ride_hour,
        newest.pickup_zone,
        newest.dropoff_zone,
        newest.distance_band,
        newest.rider_phone_hash,
        newest._source_object,
        newest._source_line,
        newest._landed_at,
        newest._contract_version,
        newest._source_region,
        coalesce(try_parse_json(newest.pickup, 'd'), to_variant(newest.pickup)) as pickup,
        coalesce(try_parse_json(newest.dropoff, 'd'), to_variant(newest.dropoff)) as dropoff,
        coalesce(try_parse_json(newest.tags, 'd'), to_variant(newest.tags)) as tags
    from (
        select
            city,
            ride_number,
            updated_at,
            status,
            vehicle,
            rider_id,
            pickup,
            dropoff,
            distance_km,
            fare,
            tip,
            currency,
            booked_for,
            rating,
            tags,
            ride_date,
            ride_hour,
            pickup_zone,
            dropoff_zone,
            distance_band,
            rider_phone_hash,
            _source_object,
            _source_line,
            _landed_at,
            _contract_version,
            _source_region
        from staging.rides_stream
        qualify row_number() over (
            partition by
                city,
                ride_number
            order by
                updated_at desc,
                _landed_at desc,
                _source_object desc,
                _source_line desc,
                _loaded_at desc
        ) = 1
    ) as newest
) as source
    on
        target.city = source.city
        and target.ride_number = source.ride_number
when matched
and not (
    target.updated_at > source.updated_at
    or (
        target.updated_at = source.updated_at
        and target._landed_at > source._landed_at
    )
    or (
        target.updated_at = source.updated_at
        and target._landed_at = source._landed_at
        and target._source_object > source._source_object
    )
    or (
        target.updated_at = source.updated_at
        and target._landed_at = source._landed_at
        and target._source_object = source._source_object
        and target._source_line > source._source_line
    )
)
then
    update set
        updated_at = source.updated_at,
        status = source.status,
        vehicle = source.vehicle,
        rider_id = source.rider_id,
        pickup = source.pickup,
        dropoff = source.dropoff,
        distance_km = source.distance_km,
        fare = source.fare,
        tip = source.tip,
        currency = source.currency,
        booked_for = source.booked_for,
        rating = source.rating,
        tags = source.tags,
        ride_date = source.ride_date,
        ride_hour = source.ride_hour,
        pickup_zone = source.pickup_zone,
        dropoff_zone = source.dropoff_zone,
        distance_band = source.distance_band,
        rider_phone_hash = source.rider_phone_hash,
        _source_object = source._source_object,
        _source_line = source._source_line,
        _landed_at = source._landed_at,
        _contract_version = source._contract_version,
        _source_region = source._source_region,
        _merged_at = sysdate()
when not matched
then insert (
    city,
    ride_number,
    updated_at,
    status,
    vehicle,
    rider_id,
    pickup,
    dropoff,
    distance_km,
    fare,
    tip,
    currency,
    booked_for,
    rating,
    tags,
    ride_date,
    ride_hour,
    pickup_zone,
    dropoff_zone,
    distance_band,
    rider_phone_hash,
    _source_object,
    _source_line,
    _landed_at,
    _contract_version,
    _source_region,
    _merged_at
) values (
    source.city,
    source.ride_number,
    source.updated_at,
    source.status,
    source.vehicle,
    source.rider_id,
    source.pickup,
    source.dropoff,
    source.distance_km,
    source.fare,
    source.tip,
    source.currency,
    source.booked_for,
    source.rating,
    source.tags,
    source.ride_date,
    source.ride_hour,
    source.pickup_zone,
    source.dropoff_zone,
    source.distance_band,
    source.rider_phone_hash,
    source._source_object,
    source._source_line,
    source._landed_at,
    source._contract_version,
    source._source_region,
    sysdate()
);

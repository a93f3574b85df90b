-- Shows analytics as the next merge would leave it: merged rows and those that still wait.
-- Grain: one row a live merge key. _merged_at is null for a row that waits.
-- Repetition: replaces the view.
create or replace view analytics.rides_live
copy grants
as
with arrived as (
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
)

select
    merged.city,
    merged.ride_number,
    merged.updated_at,
    merged.status,
    merged.vehicle,
    merged.rider_id,
    merged.pickup,
    merged.dropoff,
    merged.distance_km,
    merged.fare,
    merged.tip,
    merged.currency,
    merged.booked_for,
    merged.rating,
    merged.tags,
    merged.ride_date,
    merged.ride_hour,
    merged.pickup_zone,
    merged.dropoff_zone,
    merged.distance_band,
    merged.rider_phone_hash,
    merged._source_object,
    merged._source_line,
    merged._landed_at,
    merged._contract_version,
    merged._source_region,
    merged._merged_at
from analytics.processed_rides as merged
left join arrived
    on
        merged.city = arrived.city
        and merged.ride_number = arrived.ride_number
        and not (
            merged.updated_at > arrived.updated_at
            or (
                merged.updated_at = arrived.updated_at
                and merged._landed_at > arrived._landed_at
            )
            or (
                merged.updated_at = arrived.updated_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object > arrived._source_object
            )
            or (
                merged.updated_at = arrived.updated_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object = arrived._source_object
                and merged._source_line > arrived._source_line
            )
        )
where arrived._landed_at is null
union all
select
    arrived.city,
    arrived.ride_number,
    arrived.updated_at,
    arrived.status,
    arrived.vehicle,
    arrived.rider_id,
    arrived.pickup,
    arrived.dropoff,
    arrived.distance_km,
    arrived.fare,
    arrived.tip,
    arrived.currency,
    arrived.booked_for,
    arrived.rating,
    arrived.tags,
    arrived.ride_date,
    arrived.ride_hour,
    arrived.pickup_zone,
    arrived.dropoff_zone,
    arrived.distance_band,
    arrived.rider_phone_hash,
    arrived._source_object,
    arrived._source_line,
    arrived._landed_at,
    arrived._contract_version,
    arrived._source_region,
    null as _merged_at
from arrived
left join analytics.processed_rides as merged
    on
        arrived.city = merged.city
        and arrived.ride_number = merged.ride_number
        and (
            merged.updated_at > arrived.updated_at
            or (
                merged.updated_at = arrived.updated_at
                and merged._landed_at > arrived._landed_at
            )
            or (
                merged.updated_at = arrived.updated_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object > arrived._source_object
            )
            or (
                merged.updated_at = arrived.updated_at
                and merged._landed_at = arrived._landed_at
                and merged._source_object = arrived._source_object
                and merged._source_line > arrived._source_line
            )
        )
where
    merged._landed_at is null;

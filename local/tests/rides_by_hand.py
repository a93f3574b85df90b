"""Lines of rides made by hand: good ones that look odd, and bad ones with the rule that rejects them."""

from __future__ import annotations

import json
from typing import Any

Row = dict[str, Any]

GOOD: Row = {
    "city": "hamburg",
    "rideNumber": 900_000,
    "updatedAt": 1_764_120_000_000,
    "status": "completed",
    "vehicle": "bike",
    "riderId": "0b6f2c2e-94a3-4f06-9d0c-6f6a3c1f8e55",
    "riderPhone": "+4915112345678",
    "deviceIp": "203.0.113.7",
    "pickup": {"lat": 53.5503, "lon": 9.992, "zone": "HH-ALT"},
    "dropoff": {"lat": 53.6, "lon": 10.0},
    "distanceKm": 7.213,
    "fare": 18.45,
    "tip": 2,
    "currency": "EUR",
    "bookedFor": "07:45:00",
    "rating": 5,
    "tags": ["airport"],
}


def line(number: int = 0, **changes: Any) -> bytes:
    """A good line with some fields changed; a field changed to ... is left out."""
    fields = GOOD | {"rideNumber": GOOD["rideNumber"] + number} | changes
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def pickup(**changes: Any) -> Row:
    return {name: value for name, value in (GOOD["pickup"] | changes).items() if value is not ...}


ODD_BUT_GOOD = [
    line(1, city=" Hamburg\t"),
    line(2, city="k\u00f6ln"),
    line(3, riderPhone=" +1234567\n", deviceIp="0.0.0.255"),
    line(4, riderPhone=..., deviceIp=None, dropoff=..., distanceKm=None, tip=..., bookedFor=None, rating=..., tags=...),
    line(5).replace(b"1764120000000", b"1764120000000.4567"),
    line(6).replace(b"1764120000000", b"1.76412e12"),
    line(7, updatedAt=1_577_836_800_000),
    line(8, bookedFor="23:59:59.1234567"),
    line(9, bookedFor="00:00:00"),
    line(10, pickup=pickup(lat=-90, lon=180, gate={"no": [4, None], "side": "\u00e9\"\\"})),
    line(11, dropoff={"zone": None, "lon": -180.0, "lat": 90.0}),
    line(12).replace(b"18.45", b"18.4500"),
    line(13, fare=0, tip=0.01, distanceKm=2000, rating=5.0),
    line(14, tags=[]),
    line(15, tags=[[1.50, {"a": "b"}], "\u96ea", False, None]),
    line(16, weather="rain", pick={"up": 1}),
    json.dumps(dict(reversed(json.loads(line(17)).items()))).encode(),
    line(18, distanceKm=3),
    line(19, distanceKm=3.001),
    line(20, distanceKm=10.001),
    line(21).replace(b'"rideNumber"', b'"ride\\u004eumber"'),
]

BAD: list[tuple[bytes, str, str | None]] = [
    (line()[:-9], "json", None),
    (line().replace(b"bike", b"bi\xffke"), "utf8", None),
    (b"[1]", "not_an_object", None),
    (line(city=...), "required", "city"),
    (line(city="K\u00d6LN"), "one_of", "city"),
    (line(city=4), "type", "city"),
    (line(rideNumber=0), "minimum", "ride_number"),
    (line(rideNumber=1.5), "precision", "ride_number"),
    (line(ride_number=1, rideNumber=...), "required", "ride_number"),
    (line(updatedAt="1764120000000"), "type", "updated_at"),
    (line(updatedAt="2025-11-26T00:00:00Z"), "type", "updated_at"),
    (line(updatedAt=1_577_836_799_999), "minimum", "updated_at"),
    (line(updatedAt=4_102_444_800_000), "not_later_than_arrival", "updated_at"),
    (line(status="Booked"), "one_of", "status"),
    (line(riderId="10025"), "format", "rider_id"),
    (line(riderPhone="0151 2345678"), "pattern", "rider_phone"),
    (line(riderPhone="+" + "1" * 16), "max_length", "rider_phone"),
    (line(deviceIp="203.0.113.256"), "format", "device_ip"),
    (line(deviceIp="203.0.113.07"), "format", "device_ip"),
    (line(pickup=None), "required", "pickup"),
    (line(pickup=[53.5, 10.0]), "type", "pickup"),
    (line(pickup=json.dumps(GOOD["pickup"])), "type", "pickup"),
    (line(pickup={}), "required", "pickup.lat"),
    (line(pickup=pickup(lat=None)), "required", "pickup.lat"),
    (line(pickup=pickup(lat="53.5")), "type", "pickup.lat"),
    (line(pickup=pickup(lat=90.000001)), "maximum", "pickup.lat"),
    (line(pickup=pickup(lat=53.1234567)), "precision", "pickup.lat"),
    (line(pickup=pickup(lon=-180.5)), "minimum", "pickup.lon"),
    (line(pickup=pickup(zone=...)), "required", "pickup.zone"),
    (line(pickup=pickup(zone="hh-alt")), "pattern", "pickup.zone"),
    (line(pickup=pickup(zone="H" * 17)), "max_length", "pickup.zone"),
    (line(dropoff="there"), "type", "dropoff"),
    (line(dropoff={"lat": 1, "lon": 181}), "maximum", "dropoff.lon"),
    (line(dropoff={"lat": 1, "lon": 1, "zone": 7}), "type", "dropoff.zone"),
    (line(distanceKm=2000.001), "maximum", "distance_km"),
    (line(distanceKm=0.0001), "precision", "distance_km"),
    (line(fare=18.47), "multiple_of", "fare"),
    (line(fare=-0.05), "minimum", "fare"),
    (line(fare="18.45"), "type", "fare"),
    (line(tip=0), "minimum", "tip"),
    (line(currency="eur"), "pattern", "currency"),
    (line(bookedFor="24:00:00"), "type", "booked_for"),
    (line(bookedFor="07:45"), "type", "booked_for"),
    (line(rating=6), "maximum", "rating"),
    (line(rating=4.5), "precision", "rating"),
    (line(tags={}), "type", "tags"),
    (line(fare=18.47, pickup=pickup(lat=91)), "maximum", "pickup.lat"),
]

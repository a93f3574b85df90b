//! The I/O of the transform against S3 held in memory, below the real SDK: requests are built,
//! signed, retried and parsed as they would be on the wire.

#[cfg(test)]
mod fake_s3;
#[cfg(test)]
mod handler;
#[cfg(test)]
mod store;
